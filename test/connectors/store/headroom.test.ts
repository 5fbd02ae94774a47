import { expect, test } from 'vitest';
import { configSchema } from '../../../domain/config.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const base = sampleConfig({ apps: 6, sites: 3, budgets: { fleet: 9, namespace: 9, source: 9, destination: 9 } });
const fixture = withStore(configSchema.parse({ ...base, sites: { ...base.sites, s1: { maxApps: 2 } } }));

const ask = (app: string, from: string, to: string, nowMs = T0) =>
  fixture.store.claimMove({
    decisionId: `${app}-${nowMs}`,
    app,
    from,
    to,
    origin: 'look',
    reason: 'gain',
    by: 'berth',
    workflowId: 'w',
    nowMs,
  });
const full = (n: number) => ({ admitted: false, refusal: `site s1 has no room: ${n} of 2 apps are there or on the way` });

test('a site takes no more apps than its limit, counting those seen there, on the way, and not yet safely gone', async () => {
  const { store } = fixture;
  await store.appendScrape({
    atMs: T0,
    sites: [],
    apps: [
      { app: 'a0', placed: 's1', values: {} },
      { app: 'a1', placed: 's0', values: {} },
    ],
  });
  expect(await ask('a1', 's0', 's1')).toMatchObject({ admitted: true });
  expect(await ask('a2', 's0', 's1')).toEqual(full(2));
  expect(await ask('a0', 's1', 's0')).toMatchObject({ admitted: true });
  await store.appendScrape({
    atMs: T0 + 1000,
    sites: [],
    apps: [
      { app: 'a0', placed: 's0', values: {} },
      { app: 'a1', values: { load: 1 } },
    ],
  });
  expect(await ask('a2', 's0', 's1')).toEqual(full(2));
  await store.endClaim(`a0-${T0}`, { end: 'done', atMs: T0 + 2000 });
  expect(await ask('a2', 's0', 's1')).toMatchObject({ admitted: true });
});
