import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { beforeAll, expect, test } from 'vitest';

import type { Answer } from '../../workflows/messages.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import type { FleetState } from '../../workflows/watch-fleet.ts';
import { eventually } from '../contracts/eventually.ts';
import { withWorld } from './environment.ts';
import { eventTypesOf } from './histories.ts';
import { propose, resultOf } from './moves.ts';

const world = withWorld();
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
