import { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';

import type { Profile } from '../../learning/profile.ts';
import type { ProfileResult } from '../../workflows/profile-app.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import { withWorld } from './environment.ts';
import { endOf } from './moves.ts';

const world = withWorld();
const start = (app: string, more: object = {}) =>
  world.client.workflow.start('profileApp', { workflowId: workflowIds.profile(app), taskQueue: QUEUE.control, args: [{ app, ...more }] });
const atSite = (app: string, site: string) => eventually(`${app} is on ${site}`, () => world.platform.siteOf(app) === site);

test('every site is visited in turn, the frame is kept, and the app is home again, field for field', async () => {
  const before = world.platform.originalOf('a0');
  const handle = await start('a0', { visits: 2, visitS: 0.5 });
  const result = (await handle.result()) as ProfileResult;
  expect(result).toMatchObject({ visits: 6, failed: 0 });
  expect(world.platform.originalOf('a0')).toEqual(before);
  const row = await world.store.latestProfile('a0');
  const profile = row?.profile as Profile;
  expect(profile.visits.map((v) => `${v.site} ${v.outcome}`)).toEqual(
    ['s0', 's1', 's2', 's0', 's1', 's2'].map((site) => `${site} observed`),
  );
  for (const visit of profile.visits) expect(visit.toMs - visit.fromMs).toBeGreaterThanOrEqual(500);
  expect(profile.frames).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  expect(await endOf(world, 'a0')).toMatchObject({ end: 'done', origin: 'profile' });
});

test('a site that cannot be visited is noted and does not lose the others', async () => {
  const before = world.platform.originalOf('a1');
  Object.assign(world.platform.faults('a1'), { startFails: 'no such volume', startFailsOn: 's1' });
  const handle = await start('a1', { visitS: 0.5 });
  expect(await handle.result()).toMatchObject({ visits: 2, failed: 1 });
  const profile = (await world.store.latestProfile('a1'))?.profile as Profile;
  expect(profile.visits.map((v) => v.outcome)).toEqual(['observed', 'failed', 'observed']);
  expect(profile.visits[1]?.why).toContain('no such volume');
  expect(world.platform.originalOf('a1')).toEqual(before);
});

test.each([
  ['first', 'a2', 's0'],
  ['second', 'a3', 's1'],
  ['third', 'a4', 's2'],
])('a profile that is cancelled at its %s visit goes home and closes its claim', async (_, app, site) => {
  const before = world.platform.originalOf(app);
  const visitS = site === 's0' ? 60 : 0.3;
  const handle = await start(app, { visitS });
  if (site === 's0')
    await eventually('it visits', async () => (await world.store.claims({ app, limit: 1 }))[0]?.phases.some((p) => p.phase === 'ready'));
  else await atSite(app, site);
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(world.platform.originalOf(app)).toEqual(before);
  expect(await endOf(world, app)).toMatchObject({ end: 'reverted', why: 'cancelled' });
});

test('a pause ends a profile before its next visit, and the app is home', async () => {
  const before = world.platform.originalOf('a8');
  const handle = await start('a8', { visits: 3, visitS: 0.5 });
  await atSite('a8', 's1');
  await world.store.mirrorController({
    app: 'a8',
    seq: 1,
    paused: true,
    pause: { by: 'ann', reason: 'enough' },
    excluded: [],
    quarantine: [],
  });
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(world.platform.originalOf('a8')).toEqual(before);
  expect(await endOf(world, 'a8')).toMatchObject({ end: 'reverted', why: 'paused by ann: enough' });
});

test('a profile visits no site that an operator has excluded', async () => {
  await world.store.mirrorController({
    app: 'a9',
    seq: 1,
    paused: false,
    excluded: [{ site: 's1', by: 'ann', reason: 'no' }],
    quarantine: [],
  });
  await (await start('a9', { visitS: 0.3 })).result();
  const profile = (await world.store.latestProfile('a9'))?.profile as Profile;
  expect(profile.visits.map((v) => v.site)).toEqual(['s0', 's2']);
});

test('a profile is not begun while the app is moved, and a move is refused while it is profiled', async () => {
  const claim = {
    app: 'a5',
    from: 's0',
    to: 's1',
    origin: 'look',
    reason: 'x',
    by: 'berth',
    workflowId: 'none',
    nowMs: Date.now(),
  } as const;
  await world.store.claimMove({ ...claim, decisionId: 'a5-held' });
  await expect((await start('a5')).result()).rejects.toMatchObject({ cause: { message: expect.stringContaining('open move already') } });
  expect(world.platform.switches('a5')).toEqual([]);
  await world.store.endClaim('a5-held', { end: 'done', atMs: Date.now() });
  const handle = await start('a5', { visitS: 60 });
  await eventually('it is claimed', async () => (await world.store.openClaims()).some((c) => c.app === 'a5'));
  expect(await world.store.claimMove({ ...claim, decisionId: 'a5-next' })).toMatchObject({ admitted: false });
  await handle.cancel();
  await endOf(world, 'a5');
});

test('a profile that cannot go home says so and keeps the reason with its claim', async () => {
  const handle = await start('a6', { visitS: 0.3 });
  await atSite('a6', 's1');
  world.platform.faults('a6').hopeless = 'restore';
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(await endOf(world, 'a6')).toMatchObject({ end: 'revert-failed', why: expect.stringContaining('could not go home') });
});
