import { afterAll, beforeAll, expect, test } from 'vitest';
import { localPlatform } from '../../../connectors/local/platform.ts';
import type { Config } from '../../../domain/config.ts';
import { eventually } from '../../contracts/eventually.ts';
import { localConfig, localGround } from './local-ground.ts';
import type { LocalGround } from './local-ground.ts';

let ground: LocalGround;
beforeAll(async () => {
  ground = await localGround();
});
afterAll(() => ground?.close());

const adopt = (config: Config) => ground.platform.adopt(config, config.apps);
const status = () => ground.platform.status();

test('a configuration that is in force changes nothing', async () => {
  const before = await status();
  await adopt(localConfig());
  const after = await status();
  expect(after.apps).toEqual(before.apps);
  expect(after.pid).toBe(before.pid);
});

test('a changed service takes over on its site without losing a request', async () => {
  const before = (await status()).apps['web'];
  await adopt(localConfig({ workMs: 3 }));
  const after = await eventually('a new process serves', async () => {
    const seen = (await status()).apps['web'];
    return seen?.ready && seen.pid !== before?.pid && seen;
  });
  expect(after).toMatchObject({ site: 'a', url: before?.url, generation: 0 });
  const { apps } = await ground.platform.report({ fromMs: 0, toMs: 1e15, boundMs: 30 });
  expect(apps['web']?.requests).toMatchObject({ failed: 0, badStatus: 0 });
});

test('a cordoned site and a full one refuse apps that are not there, and say so', async () => {
  await adopt(localConfig({ sites: { a: { maxApps: 2 }, b: { cordoned: true } } }));
  expect(await ground.platform.cluster.sites()).toEqual([
    { site: 'a', ready: true, refusal: 'full: 2 of 2 apps' },
    { site: 'b', ready: true, refusal: 'cordoned' },
  ]);
  expect(await ground.platform.cluster.feasibility(['web'])).toEqual([{ app: 'web', site: 'b', refusal: 'cordoned' }]);
  await expect(ground.platform.actuator.apply({ app: 'web', to: 'b', decisionId: 'c1' })).rejects.toThrow('cordoned');
  expect(await ground.platform.actuator.observe('web')).toMatchObject({ site: 'a', generation: 0 });
  await adopt(localConfig());
});

test('a site an app may not run on is infeasible for it', async () => {
  const config = localConfig();
  const web = config.apps['web'];
  if (!web) throw new Error('the fixture has no web');
  await adopt({ ...config, apps: { ...config.apps, web: { ...web, sites: ['a'] } } });
  expect(await ground.platform.cluster.feasibility(['web', 'picky'])).toEqual([{ app: 'web', site: 'b', refusal: 'web may not run on b' }]);
  await adopt(config);
});

test('an app that is gone from the configuration is stopped, and comes back fresh', async () => {
  const config = localConfig();
  const { web } = config.apps;
  if (!web) throw new Error('the fixture has no web');
  await adopt({ ...config, apps: { web } });
  expect(Object.keys((await status()).apps)).toEqual(['web']);
  await expect(ground.platform.actuator.observe('picky')).rejects.toThrow('picky');
  await adopt(config);
  expect(await ground.request('picky')).toBe(200);
});

test('a site cannot go while an app runs there', async () => {
  await expect(adopt(localConfig({ sites: { b: {}, c: {} } }))).rejects.toThrow('a cannot go while web runs there');
  expect(await ground.request('web')).toBe(200);
});

test('an app that does not come up is named', async () => {
  const config = localConfig();
  const { picky } = config.apps;
  if (!picky) throw new Error('the fixture has no picky');
  const start = { ...picky, local: { command: ['/does/not/exist'], load: { rate: 0, path: '/' } } };
  const impatient = localPlatform({ dir: ground.dir, servingS: 1 });
  await expect(impatient.adopt(config, { ...config.apps, third: start })).rejects.toThrow('third does not serve');
  await adopt(config);
});
