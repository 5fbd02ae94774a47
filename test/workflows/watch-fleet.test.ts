import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { beforeAll, expect, test } from 'vitest';

import type { Answer } from '../../workflows/messages.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import type { FleetState } from '../../workflows/fleet-verbs.ts';
import { eventually } from '../contracts/eventually.ts';
import { withWorld } from './environment.ts';
import { eventTypesOf } from './histories.ts';
import { controllerHandle, propose, resultOf, stateWhen as controllerWhen, tell } from './moves.ts';
import { testConfig } from './test-config.ts';

const world = withWorld(testConfig({ breaker: { rate: 0.6 }, reminders: { every: 1 } }));
const ann = { by: 'ann', reason: 'freeze' };
let handle: WorkflowHandle;

const start = (maxEvents = 20_000) =>
  world.client.workflow.start('watchFleet', { workflowId: workflowIds.watch, taskQueue: QUEUE.control, args: [{ everyS: 1, maxEvents }] });
const update = (name: string, message: unknown) => handle.executeUpdate<Answer, [unknown]>(name, { args: [message] });
const stateWhen = (what: string, wanted: (state: FleetState) => boolean) =>
  eventually(what, async () => {
    const state = await handle.query<FleetState>('state');
    return wanted(state) && state;
  });

/** A move that was undone; false when it was not even admitted. */
async function undone(app: string): Promise<boolean> {
  const nowMs = Date.now();
  const claim = { app, from: 's0', to: 's1', origin: 'override', reason: 'x', by: 'x', workflowId: 'x' } as const;
  if (!(await world.store.claimMove({ ...claim, decisionId: `${app}-undone`, nowMs })).admitted) return false;
  await world.store.endClaim(`${app}-undone`, { end: 'reverted', why: 'worse', atMs: nowMs });
  return true;
}

beforeAll(async () => {
  handle = await start();
});

test('it hears what is said in its first moment', async () => {
  expect((await update('pause', ann)).said).toContain('paused');
  expect((await update('resume', ann)).said).toBe('the fleet goes on');
});

test('it says what is missing: looks and the Schedule', async () => {
  const { findings } = await stateWhen('it has checked', (s) => s.findings.length > 0);
  expect(findings).toEqual(['there has been no look yet', 'the Schedule predict-fleet is gone; run: berth apply']);
});

test('it says when a claim is open that nothing carries on', async () => {
  await world.store.claimMove({
    decisionId: 'stray',
    app: 'a9',
    from: 's0',
    to: 's1',
    origin: 'look',
    reason: 'x',
    by: 'berth',
    workflowId: 'move/a9/stray',
    nowMs: Date.now() - 60_000,
  });
  await stateWhen('it has found the claim', (s) => s.findings.includes('claim stray is open, and nothing carries it on'));
  await world.store.endClaim('stray', { end: 'reverted', atMs: Date.now() });
  await stateWhen('it is content', (s) => !s.findings.some((f) => f.includes('stray')));
});

test('a pause of the fleet is in the store when it is acknowledged, and no move starts until it is resumed', async () => {
  expect((await update('pause', ann)).said).toBe('the fleet is paused; moves under way end as the policies of their apps say');
  expect(await world.store.fleet()).toMatchObject({ paused: true, pause: ann });
  const refused = await propose(world, 'a0', 's1');
  expect(await resultOf(world, 'a0', refused)).toMatchObject({
    end: 'refused',
    why: expect.stringContaining('fleet is paused by ann: freeze'),
  });
  await handle.signal('resume', { by: 'bob', reason: 'over' });
  await eventually('the store knows', async () => (await world.store.fleet())?.paused === false);
  const taken = await propose(world, 'a0', 's1');
  expect(await resultOf(world, 'a0', taken)).toMatchObject({ end: 'done' });
  expect((await update('resume', ann)).said).toBe('the fleet was not paused');
});

test('a pause by signal with a time ends by itself', async () => {
  await handle.signal('pause', { ...ann, forS: 1.5 });
  await eventually('the store knows', async () => (await world.store.fleet())?.paused === true);
  await eventually('it is over', async () => (await world.store.fleet())?.paused === false);
});

test('a freeze of the fleet outlives a resume, and not even an override moves an app', async () => {
  expect((await update('freeze', ann)).said).toBe(
    'every app stays where it is, whoever wants it elsewhere; moves under way end as the policies of their apps say',
  );
  expect(await world.store.fleet()).toMatchObject({ paused: false, frozen: ann });
  expect((await update('resume', ann)).said).toBe('the fleet was not paused; it is still frozen');
  await tell(world, 'a1', 'override', { ...ann, site: 's1' });
  const state = await controllerWhen(world, 'a1', 'it was refused', (s) => s.tried?.includes('fleet is frozen by ann') === true);
  expect(state.override).toMatchObject({ site: 's1' });
  expect((await update('unfreeze', ann)).said).toBe('apps may be moved again');
  expect((await update('unfreeze', ann)).said).toBe('the fleet was not frozen');
});

test('a site excluded for the fleet is no destination for anybody until its time is over', async () => {
  expect((await update('exclude', { ...ann, site: 's2', forS: 4 })).said).toMatch(/^no app will be moved to s2 until 2/);
  const refused = await propose(world, 'a2', 's2');
  expect(await resultOf(world, 'a2', refused)).toMatchObject({ end: 'refused', why: 'site s2 is excluded by ann: freeze' });
  await eventually('it is over', async () => ((await world.store.fleet())?.excluded ?? []).length === 0);
  const taken = await propose(world, 'a2', 's2');
  expect(await resultOf(world, 'a2', taken)).toMatchObject({ end: 'done' });
  await update('exclude', { ...ann, site: 's2' });
  expect((await update('include', { ...ann, site: 's2' })).said).toBe('apps may be moved to s2 again');
});

test('what was said long ago and still holds is brought to mind', async () => {
  await update('pause', ann);
  await stateWhen('the pause is brought to mind', (s) =>
    s.findings.some((f) => /^the fleet is paused since .* \(reminder [1-9]\d*\)$/.test(f)),
  );
  await update('resume', ann);
});

test('a controller that is gone while it held something is missed', async () => {
  await tell(world, 'a3', 'pause', ann);
  await controllerWhen(world, 'a3', 'it is paused', (s) => s.paused !== undefined && s.mirrored === s.seq);
  await controllerHandle(world, 'a3').terminate('the test');
  await stateWhen('it is missed', (s) => s.findings.some((f) => f.startsWith('the controller of a3 is missing')));
  await tell(world, 'a3', 'resume', ann);
  await stateWhen('it is back', (s) => !s.findings.some((f) => f.includes('a3')));
});

test('the breaker opens when too many moves were undone, is shown, stops every move, and is reset by an operator', async () => {
  for (let n = 4; await undone(`a${n}`); n++) expect(n).toBeLessThan(19);
  const { findings } = await stateWhen('it is open', (s) => s.breaker?.open === true);
  expect(findings[0]).toMatch(/^the breaker is open: \d+ of the last \d+ moves were undone, at most 0.6 of them may be$/);
  const refused = await propose(world, 'a0', 's0', { from: 's1' });
  expect(await resultOf(world, 'a0', refused)).toMatchObject({ end: 'refused', why: expect.stringContaining('the breaker is open') });
  expect((await update('reset-breaker', { by: 'ann', reason: 'the disk was bad' })).said).toContain('the breaker is closed');
  await stateWhen('it is closed', (s) => s.breaker?.open === false);
  const taken = await propose(world, 'a0', 's0', { from: 's1' });
  expect(await resultOf(world, 'a0', taken)).toMatchObject({ end: 'done' });
});

test('bad messages are counted, rejected with a line that names the field, and fail no workflow task', async () => {
  const before = (await stateWhen('it is there', () => true)).ignored;
  const bad = [null, {}, 'pause', { by: 'ann' }, { ...ann, forS: -1 }, { ...ann, until: '2020-01-01T00:00:00Z' }, { ...ann, site: 's0' }];
  for (const message of bad) await handle.signal('pause', message);
  await handle.signal('no-such-signal', ann);
  expect((await stateWhen('all are counted', (s) => s.ignored === before + bad.length + 1)).paused).toBeUndefined();
  for (const message of bad) await expect(update('pause', message)).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
  expect((await eventTypesOf(handle)).filter((type) => type.includes('FAILED'))).toEqual([]);
});

test('a watch that was terminated takes over the pause that was mirrored, and equal ids are one message', async () => {
  await update('pause', { ...ann, id: 'm1' });
  expect((await update('pause', { ...ann, id: 'm1' })).said).toBe('message m1 was already taken');
  const before = await world.store.fleet();
  await handle.terminate('the test');
  handle = await start(40);
  expect(await stateWhen('it has begun', (s) => s.findings.length > 0)).toMatchObject({ paused: ann, seq: before?.seq });
});

test('it continues as new and keeps its pause', async () => {
  const first = (await handle.describe()).runId;
  await eventually('another run watches', async () => (await handle.describe()).runId !== first);
  expect(await stateWhen('it is there', () => true)).toMatchObject({ paused: ann, maxEvents: 40, everyS: 1 });
  await update('resume', ann);
  expect(await world.store.fleet()).toMatchObject({ paused: false });
});
