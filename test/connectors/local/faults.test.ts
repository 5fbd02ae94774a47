import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DaemonGone } from '../../../connectors/local/client.ts';
import { eventually } from '../../contracts/eventually.ts';
import { familyOf, isGone, localGround } from './local-ground.ts';
import type { LocalGround } from './local-ground.ts';

let ground: LocalGround;
beforeEach(async () => {
  ground = await localGround({ rate: 40 });
});
afterEach(() => ground?.close());

const web = async () => (await ground.platform.status()).apps['web'];
const change = (to: string, decisionId: string) => ({ app: 'web', to, decisionId });
const isReady = (to: string, decisionId: string) =>
  eventually(`web serves from ${to}`, async () => {
    const answer = await ground.platform.actuator.ready(change(to, decisionId));
    expect(answer.failed).toBeUndefined();
    return answer.ready && answer;
  });
const move = async (to: string, decisionId: string) => {
  await ground.platform.actuator.apply(change(to, decisionId));
  return isReady(to, decisionId);
};
const kill = async (pid: number) => {
  process.kill(pid, 'SIGKILL');
  await eventually(`process ${pid} is gone`, () => isGone(pid));
};
const killDaemon = async () => {
  const { pid } = await ground.platform.status();
  // Stopped first, so that it starts no child between the count and the kill.
  process.kill(pid, 'SIGSTOP');
  const family = familyOf(pid);
  expect(family.length).toBeGreaterThan(4);
  process.kill(pid, 'SIGKILL');
  return family;
};

test('a service that is killed is started again on its site and serves', async () => {
  await move('b', 'd1');
  const before = (await web())?.pid ?? 0;
  await kill(before);
  const after = await eventually('another process serves', async () => {
    const seen = await web();
    return seen?.ready && seen.pid !== before && seen;
  });
  expect(after).toMatchObject({ site: 'b', generation: 1 });
  expect(await ground.request('web')).toBe(200);
});

test('requests wait for a service that has crashed instead of being lost', async () => {
  process.kill((await web())?.pid ?? 0, 'SIGKILL');
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => ground.request('web')));
  expect(answers).toEqual([200, 200, 200, 200, 200]);
});

test('a command that is killed is started again', async () => {
  const before = (await ground.platform.status()).apps['picky']?.pid ?? 0;
  await kill(before);
  await eventually('another process serves', async () => {
    const seen = (await ground.platform.status()).apps['picky'];
    return seen?.ready && seen.pid !== before;
  });
  expect(await ground.request('picky')).toBe(200);
});

test('no process is left when the daemon is killed', async () => {
  for (const pid of await killDaemon()) await eventually(`process ${pid} is gone`, () => isGone(pid));
  await expect(ground.platform.actuator.observe('web')).rejects.toThrow(DaemonGone);
});

test('a daemon that was killed comes back with every app where it was, at the same address, and knows its decisions', async () => {
  await move('b', 'd1');
  const before = await web();
  for (const pid of await killDaemon()) await eventually(`process ${pid} is gone`, () => isGone(pid));
  expect((await ground.start()).adopted).toBe(false);
  const after = await eventually('web serves', async () => {
    const seen = await web();
    return seen?.ready && seen;
  });
  expect(after).toMatchObject({ site: 'b', generation: 1, url: before?.url });
  expect(await ground.request('web')).toBe(200);
  expect(await ground.platform.actuator.apply(change('b', 'd1'))).toEqual({ applied: false, generation: 1 });
});

test('a move that the daemon was killed in ends as one switch after its restart', async () => {
  await ground.platform.actuator.apply(change('b', 'd1'));
  for (const pid of await killDaemon()) await eventually(`process ${pid} is gone, also one that was just starting`, () => isGone(pid));
  await ground.start();
  await isReady('b', 'd1');
  expect(await ground.platform.actuator.observe('web')).toMatchObject({ site: 'b', generation: 1, decisionId: 'd1' });
  const { moves } = await ground.platform.report({ fromMs: 0, toMs: 1e15, boundMs: 30 });
  expect(moves.filter((one) => one.switchedMs !== undefined)).toHaveLength(1);
});

test('a proxy that is killed comes back at the same addresses', async () => {
  const before = await web();
  const { pid } = await ground.platform.status();
  const proxy = familyOf(pid).find((one) => readFileSync(`/proc/${one}/cmdline`, 'utf8').includes('proxy.js'));
  await kill(proxy ?? 0);
  await eventually('the address answers', async () => (await ground.request('web').catch(() => 0)) === 200);
  expect((await web())?.url).toBe(before?.url);
});

test('ten moves under load lose no request', async () => {
  for (let i = 0; i < 10; i += 1) {
    const { report } = await move(i % 2 === 0 ? 'b' : 'a', `d${i}`);
    expect(report?.failedRequests).toBe(0);
  }
  const { apps } = await ground.platform.report({ fromMs: 0, toMs: 1e15, boundMs: 30 });
  expect(apps['web']?.requests).toMatchObject({ failed: 0, badStatus: 0 });
  expect(apps['web']?.requests.ok).toBeGreaterThan(50);
  expect((await web())?.generation).toBe(10);
});

test('several that start a daemon at once get the same one', async () => {
  for (const pid of await killDaemon()) await eventually(`process ${pid} is gone`, () => isGone(pid));
  const started = await Promise.all([ground.start(), ground.start(), ground.start()]);
  expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
});

test('a daemon that runs is adopted, and its files are for its owner only', async () => {
  const { pid } = await ground.platform.status();
  expect(await ground.start()).toEqual({ pid, adopted: true });
  expect(statSync(ground.dir).mode & 0o777).toBe(0o700);
  for (const file of ['daemon.json', 'daemon.lock', 'daemon.log', 'state.json'])
    expect(statSync(join(ground.dir, file)).mode & 0o777).toBe(0o600);
});
