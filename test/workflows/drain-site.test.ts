import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';

import type { Claim } from '../../domain/records.ts';
import type { DrainResult, DrainState } from '../../workflows/drain-site.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import { withWorld } from './environment.ts';
import { stateWhen, tell } from './moves.ts';
import { testConfig } from './test-config.ts';

const base = testConfig({ apps: 30, reverting: 2, sites: 4, budgets: { fleet: 3, namespace: 100, source: 3, destination: 2 } });
/** Quick moves: what they measure is the business of other tests. */
const world = withWorld({
  ...base,
  policies: Object.fromEntries(Object.entries(base.policies).map(([name, p]) => [name, { ...p, verify: { soak: 0.25, tolerance: 1 } }])),
});
const ann = { by: 'ann', reason: 'new disks' };
const APPS = Array.from({ length: 30 }, (_, i) => `a${i}`);

const start = (site: string, more: object = {}) =>
  world.client.workflow.start('drainSite', {
    workflowId: workflowIds.drain(site),
    taskQueue: QUEUE.control,
    args: [{ site, ...ann, everyS: 0.3, ...more }],
  });
const stateOf = (handle: WorkflowHandle) => handle.query<DrainState>('state');

/** The most claims that were open at one moment, by the times in the store. */
function mostAtOnce(claims: readonly Claim[]): number {
  const steps = claims.flatMap((c) => [[c.openedMs, 1] as const, [c.endedMs ?? Infinity, -1] as const]);
  let [now, most] = [0, 0];
  // An end and a beginning in the same millisecond: the end came first, or the claim would not have been admitted.
  for (const [, step] of steps.sort(([a, x], [b, y]) => a - b || x - y)) most = Math.max(most, (now += step));
  return most;
}

test('thirty apps leave a site with never more than the budget on the way, two of them say why not, and all come back', async () => {
  await tell(world, 'r0', 'freeze', ann);
  await tell(world, 'r1', 'override', { ...ann, site: 's0' });
  await stateWhen(world, 'r0', 'it is frozen', (s) => s.frozen !== undefined && s.mirrored === s.seq);
  await stateWhen(world, 'r1', 'it is overridden', (s) => s.override !== undefined && s.mirrored === s.seq);
  const handle = await start('s0', { maxEvents: 60 });
  const state = await eventually(
    'all have gone that can',
    async () => {
      const now = await stateOf(handle).catch(() => undefined);
      return now?.view?.left === 2 && now.view.moving.length === 0 && now;
    },
    240,
  );
  expect(state.view?.stuck).toEqual([
    { app: 'r0', why: 'r0 is frozen by ann: new disks' },
    { app: 'r1', why: 'r1 is overridden to s0 by ann: new disks' },
  ]);
  const there = new Set(APPS.map((app) => world.platform.siteOf(app)));
  expect(there).toEqual(new Set(['s1', 's2', 's3']));
  expect(await world.store.fleet()).toMatchObject({ excluded: [{ site: 's0', by: 'drain/s0' }] });

  expect(await handle.executeUpdate('undo', { args: [ann] })).toMatchObject({ said: expect.stringContaining('comes back') });
  const result = (await handle.result()) as DrainResult;
  expect(result).toMatchObject({ site: 's0', undone: true, complete: true, left: 0, stuck: [] });
  expect(APPS.filter((app) => world.platform.siteOf(app) !== 's0')).toEqual([]);
  expect((await world.store.fleet())?.excluded).toBeUndefined();
  const claims = await world.store.claims({ limit: 1000 });
  expect(claims.filter((c) => c.end === 'done' && c.origin === 'drain')).toHaveLength(60);
  expect(mostAtOnce(claims)).toBe(3);
}, 300_000);

test('it is paused and resumed, and undone half-way', async () => {
  const handle = await start('s0');
  await eventually('somebody has gone', async () => ((await stateOf(handle)).view?.moved.length ?? 0) > 0);
  await handle.signal('pause', ann);
  const still = await eventually('it rests', async () => {
    const { paused, view } = await stateOf(handle);
    return paused !== undefined && view?.moving.length === 0 && view.asked.length === 0 && view;
  });
  await handle.executeUpdate('resume', { args: [ann] });
  await eventually('it goes on', async () => ((await stateOf(handle)).view?.moved.length ?? 0) > still.moved.length);
  await handle.executeUpdate('undo', { args: [ann] });
  expect((await handle.result()) as DrainResult).toMatchObject({ undone: true, complete: true });
  expect(APPS.filter((app) => world.platform.siteOf(app) !== 's0')).toEqual([]);
}, 240_000);

test('it ends at its deadline with what is left, and a later one undoes it', async () => {
  const result = (await (await start('s0', { forS: 4 })).result()) as DrainResult;
  expect(result).toMatchObject({ complete: false, undone: false });
  expect(result.left).toBe(2 + APPS.filter((app) => world.platform.siteOf(app) === 's0').length);
  expect((await world.store.fleet())?.excluded).toMatchObject([{ site: 's0' }]);
  expect((await (await start('s0', { undo: true })).result()) as DrainResult).toMatchObject({ undone: true, complete: true });
  expect(APPS.filter((app) => world.platform.siteOf(app) !== 's0')).toEqual([]);
}, 240_000);

test('when it is cancelled the site takes apps again', async () => {
  const handle = await start('s1');
  const done = await handle.result().catch((error: unknown) => error);
  expect(done).toMatchObject({ complete: true, moved: [] });
  await eventually('it is fenced', async () => ((await world.store.fleet())?.excluded ?? []).some((e) => e.site === 's1'));
  const second = await start('s0');
  await eventually('it is fenced, too', async () => ((await world.store.fleet())?.excluded ?? []).some((e) => e.site === 's0'));
  await second.cancel();
  await expect(second.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  await eventually('it is not fenced any more', async () => !((await world.store.fleet())?.excluded ?? []).some((e) => e.site === 's0'));
});

test.each([
  [{ site: 'mars' }, 'no site is called mars'],
  [{ site: 's1', until: 'tonight' }, 'until must be an instant'],
  [{ site: 's1', undo: 'yes' }, 'undo must be true or false'],
])('what cannot be is refused by name: %j', async (input, why) => {
  const handle = await world.client.workflow.start('drainSite', {
    workflowId: 'drain/bad',
    taskQueue: QUEUE.control,
    args: [{ ...ann, ...input }],
  });
  await expect(handle.result()).rejects.toMatchObject({ cause: { message: expect.stringContaining(why) } });
});
