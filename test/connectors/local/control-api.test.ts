import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAddress } from '../../../connectors/local/lock.ts';
import { localGround } from './local-ground.ts';
import type { LocalGround } from './local-ground.ts';

let ground: LocalGround;
beforeAll(async () => {
  ground = await localGround();
});
afterAll(() => ground?.close());

test.each([
  ['no token', 'observe', { app: 'web' }, 'none', 401, 'authorization'],
  ['a wrong token', 'apply', { app: 'web', to: 'b', decisionId: 'x' }, 'wrong', 401, 'authorization'],
  ['an unknown verb', 'explode', {}, 'right', 404, 'explode'],
  ['a body that is not JSON', 'apply', '{"app":', 'right', 400, 'not JSON'],
  ['a missing field', 'apply', { app: 'web', to: 'b' }, 'right', 400, 'decisionId'],
  ['an unknown field', 'apply', { app: 'web', to: 'b', decisionId: 'x', force: true }, 'right', 400, 'force'],
  ['a value of another type', 'apply', { app: 'web', to: 7, decisionId: 'x' }, 'right', 400, 'to'],
  ['null', 'apply', null, 'right', 400, 'body'],
  ['an unknown app', 'apply', { app: 'nobody', to: 'b', decisionId: 'x' }, 'right', 404, 'nobody'],
  ['an unknown site', 'apply', { app: 'web', to: 'nowhere', decisionId: 'x' }, 'right', 422, 'nowhere'],
  [
    'a snapshot of an unknown site',
    'restore',
    { snapshot: { app: 'web', site: 'z', generation: 0, original: { site: 'z' } }, decisionId: 'x' },
    'right',
    422,
    'z',
  ],
  ['a configuration without sites', 'configure', { sitesWanted: 'auto', stepS: 1, sites: {}, apps: {} }, 'right', 400, 'at least 2 sites'],
  ['a huge body', 'observe', { app: 'x'.repeat(9_000_000) }, 'right', 413, 'body'],
])('%s is refused with a reason and changes nothing', async (_what, verb, body, token, status, words) => {
  const before = [await ground.platform.actuator.observe('web'), readFileSync(join(ground.dir, 'state.json'), 'utf8')];
  const address = readAddress(ground.dir);
  const authorization = { none: '', wrong: 'Bearer 1234', right: `Bearer ${address?.token}` }[token] ?? '';
  const answer = await fetch(`${address?.url}/v1/${verb}`, {
    method: 'POST',
    headers: { authorization },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  expect(answer.status).toBe(status);
  expect(((await answer.json()) as { error: { message: string } }).error.message).toContain(words);
  expect([await ground.platform.actuator.observe('web'), readFileSync(join(ground.dir, 'state.json'), 'utf8')]).toEqual(before);
});

test('a restore that cannot be carried out says so and leaves the app serving', async () => {
  const before = await ground.platform.actuator.observe('picky');
  const unreachable = { app: 'picky', site: 'b', generation: 0, original: { site: 'b' } };
  await expect(ground.platform.actuator.restore(unreachable, 'r1')).rejects.toThrow(
    'picky could not be restored to b and still serves from a',
  );
  expect(await ground.platform.actuator.observe('picky')).toEqual(before);
  expect(await ground.request('picky')).toBe(200);
});
