import { expect, test } from 'vitest';

import { configSchema } from '../../../domain/config.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const base = sampleConfig({ apps: 2 });
const fixture = withStore(
  configSchema.parse({ ...base, apps: { a0: { objective: 'fast', policy: 'plain' }, a1: { objective: 'fast', policy: 'shy' } } }),
);

const ask = (app: string, origin: 'look' | 'override') =>
  fixture.store.claimMove({
    decisionId: `${app}-${origin}`,
    app,
    from: 's0',
    to: 's1',
    origin,
    reason: 'gain',
    by: 'berth',
    workflowId: 'w',
    nowMs: T0,
  });

test('what a look decided moves an app only while its policy says automatic; an override moves it all the same', async () => {
  expect(await ask('a1', 'look')).toEqual({ admitted: false, refusal: 'app a1 is not moved automatically: its mode is recommend' });
  expect(await ask('a1', 'override')).toMatchObject({ admitted: true });
  expect(await ask('a0', 'look')).toMatchObject({ admitted: true });
});
