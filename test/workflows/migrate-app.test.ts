import { WorkflowFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';

import { observedScore } from '../../activities/observed-score.ts';
import { eventually } from '../contracts/eventually.ts';
import { withWorld } from './environment.ts';
import { endOf, inPhase, propose, resultOf, startMove, stateWhen } from './moves.ts';
import { testConfig } from './test-config.ts';

const world = withWorld(testConfig({ apps: 30, budgets: { fleet: 100, namespace: 100, source: 100, destination: 2 } }));

const unmeasured = (app: string) => observedScore(world.store, { app, site: 's0', fromMs: Date.now() - 10_000, toMs: Date.now() });
const home = (app: string) => world.platform.originalOf(app);
const untouched = (app: string) => expect(world.platform.switches(app)).toEqual([]);

describe('a move that goes well', () => {
  test('ends done, on the target, with one switch, every phase recorded and both scores', async () => {
    world.feeder.show('a0', 's1', 20);
    const decisionId = await propose(world, 'a0', 's1');
    expect(await resultOf(world, 'a0', decisionId)).toMatchObject({ decisionId, end: 'done' });
    const claim = await endOf(world, 'a0');
    expect(claim).toMatchObject({ end: 'done', from: 's0', to: 's1', failedRequests: 0, origin: 'look', by: 'berth' });
    expect(claim.scoreBefore).toBeCloseTo(0.8, 6);
    expect(claim.scoreAfter).toBeCloseTo(0.9, 6);
    expect(claim.phases.map((p) => p.phase)).toEqual(['recheck', 'snapshot', 'dry-run', 'apply', 'ready', 'serving', 'verify']);
    expect(world.platform.siteOf('a0')).toBe('s1');
    expect(world.platform.switches('a0')).toHaveLength(1);
    const state = await stateWhen(world, 'a0', 'the move is booked', (s) => s.moving === undefined && s.coolUntilMs !== undefined);
    expect(state.quarantine).toEqual([]);
  });

  test('whose answer to apply was lost is applied once', async () => {
    world.platform.faults('a1').lostReplies.apply = 1;
    await startMove(world, 'a1', 's1');
    expect(await endOf(world, 'a1')).toMatchObject({ end: 'done' });
    expect(world.platform.calls('a1').filter((verb) => verb === 'apply')).toHaveLength(2);
    expect(world.platform.switches('a1')).toHaveLength(1);
  });

  test('by an operator, of an app that nobody measures, ends done and says no score', async () => {
    world.feeder.show('a2', 's0', undefined);
    world.feeder.show('a2', 's1', undefined);
    await eventually('its last samples are old', async () => (await unmeasured('a2')) === undefined);
    await startMove(world, 'a2', 's1', { origin: 'override' });
    const claim = await endOf(world, 'a2');
    expect(claim.end).toBe('done');
    expect(claim.scoreAfter).toBeUndefined();
  });

  test('but cannot be measured afterwards is undone: unknown is not good', async () => {
    const before = home('a3');
    world.feeder.show('a3', 's1', undefined);
    await startMove(world, 'a3', 's1');
    expect(await endOf(world, 'a3')).toMatchObject({ end: 'reverted', why: 'the quality after the move could not be told' });
    expect(home('a3')).toEqual(before);
  });
});

describe('a move is refused and touches nothing', () => {
  test('when a budget is spent', async () => {
    const held = ['a28', 'a29'].map((app) => `${app}-held`);
    for (const [i, decisionId] of held.entries()) {
      await world.store.claimMove({
        decisionId,
        app: `a${28 + i}`,
        from: 's0',
        to: 's2',
        origin: 'drain',
        reason: 'budget',
        by: 'test',
        workflowId: 'none',
        nowMs: Date.now(),
      });
    }
    const decisionId = await propose(world, 'a4', 's2');
    expect(await resultOf(world, 'a4', decisionId)).toMatchObject({ end: 'refused', why: expect.stringContaining('destination s2') });
    untouched('a4');
    const state = await stateWhen(world, 'a4', 'nothing is under way', (s) => s.moving === undefined);
    expect(state).toMatchObject({ quarantine: [], coolStep: 0 });
    for (const id of held) await world.store.endClaim(id, { end: 'done', atMs: Date.now() });
  });

  test('when the fleet is paused', async () => {
    await world.store.mirrorFleet({ seq: 1, paused: true, pause: { by: 'ann', reason: 'freeze' } });
    const decisionId = await propose(world, 'a5', 's1');
    expect(await resultOf(world, 'a5', decisionId)).toMatchObject({ end: 'refused', why: expect.stringContaining('ann') });
    untouched('a5');
    await world.store.mirrorFleet({ seq: 2, paused: false });
  });

  test.each([
    ['when the app has moved away since', 'a6', (app: string) => world.platform.elsewhere(app, 's2'), 'is on s2'],
    [
      'when the site cannot take it',
      'a7',
      (app: string) => void (world.platform.faults(app).infeasible = { site: 's1', why: 'no memory' }),
      'no memory',
    ],
    [
      'when the workload is busy',
      'a8',
      (app: string) => void (world.platform.faults(app).busy = 'a rollout is under way'),
      'a rollout is under way',
    ],
    ['when the dry run refuses', 'a9', (app: string) => void (world.platform.faults(app).refuse = 'quota'), 'quota'],
  ])('%s', async (_, app, fault, why) => {
    fault(app);
    const decisionId = await propose(world, app, 's1');
    expect(await resultOf(world, app, decisionId)).toMatchObject({ end: 'refused', why: expect.stringContaining(why) });
    untouched(app);
    expect(world.platform.calls(app)).not.toContain('apply');
    expect(await world.store.claim(decisionId)).toMatchObject({ end: 'refused', why: expect.stringContaining(why) });
  });

  test('when the decision is too old', async () => {
    const { handle } = await startMove(world, 'a10', 's1', { expiresMs: Date.now() - 1 });
    expect(await handle.result()).toMatchObject({ end: 'refused', why: 'the decision is too old' });
    untouched('a10');
  });
});

describe('a move is undone, field for field', () => {
  test('when the app does not come up', async () => {
    const before = home('a11');
    world.platform.faults('a11').startFails = 'crash loop';
    const decisionId = await propose(world, 'a11', 's1');
    expect(await resultOf(world, 'a11', decisionId)).toMatchObject({ end: 'reverted', why: expect.stringContaining('crash loop') });
    expect(home('a11')).toEqual(before);
    untouched('a11');
  });

  test('when it is not ready in time', async () => {
    const before = home('a12');
    world.platform.faults('a12').hang = true;
    const { handle } = await startMove(world, 'a12', 's1', {
      times: { readyDeadlineS: 0.5, stableS: 0, soakS: 0.5, tolerance: 0.1, revertDeadlineS: 60 },
    });
    expect(await handle.result()).toMatchObject({ end: 'reverted', why: expect.stringContaining('not ready') });
    world.platform.faults('a12').hang = false;
    expect(home('a12')).toEqual(before);
  });

  test('when quality fell, and the site is in quarantine after that', async () => {
    const before = home('a13');
    world.feeder.show('a13', 's1', 100);
    const decisionId = await propose(world, 'a13', 's1');
    expect(await resultOf(world, 'a13', decisionId)).toMatchObject({ end: 'reverted', why: 'quality fell from 0.80 to 0.10' });
    expect(home('a13')).toEqual(before);
    expect(world.platform.switches('a13').map((s) => `${s.kind} ${s.from} ${s.to}`)).toEqual(['apply s0 s1', 'restore s1 s0']);
    expect(await endOf(world, 'a13')).toMatchObject({ scoreBefore: expect.closeTo(0.8, 6), scoreAfter: expect.closeTo(0.1, 6) });
    const state = await stateWhen(world, 'a13', 'the move is booked', (s) => s.moving === undefined);
    expect(state.quarantine).toMatchObject([{ site: 's1' }]);
    const again = await propose(world, 'a13', 's1');
    await stateWhen(
      world,
      'a13',
      'the next proposal is judged',
      (s) => s.seen.includes(again) && s.recent.some((line) => line.includes('quarantine')),
    );
    expect(world.platform.switches('a13')).toHaveLength(2);
  });

  const long = { readyDeadlineS: 60, stableS: 0, soakS: 60, tolerance: 0.1, revertDeadlineS: 60 };
  test.each([
    ['while it is re-checked', 'a14', 'recheck', (app: string) => void (world.platform.faults(app).throws.placements = 1e9)],
    ['while it is prepared', 'a15', 'snapshot', (app: string) => void (world.platform.faults(app).throws.snapshot = 1e9)],
    ['while it is applied', 'a16', 'apply', (app: string) => void (world.platform.faults(app).throws.apply = 1e9)],
    ['while it comes up', 'a17', 'ready', (app: string) => void (world.platform.faults(app).hang = true)],
    ['while it soaks', 'a18', 'ready', () => undefined],
  ])('when it is cancelled %s', async (_, app, phase, fault) => {
    const before = home(app);
    fault(app);
    const { handle } = await startMove(world, app, 's1', { times: long });
    await inPhase(world, app, phase);
    await handle.cancel();
    expect(await handle.result()).toMatchObject({ end: 'reverted', why: 'cancelled' });
    expect(home(app)).toEqual(before);
    expect(await endOf(world, app)).toMatchObject({ end: 'reverted' });
  });
});

test('a move that cannot be undone ends revert-failed, its workflow fails, and the controller holds the app until someone resumes it', async () => {
  Object.assign(world.platform.faults('a19'), { startFails: 'crash loop', hopeless: 'restore' });
  const decisionId = await propose(world, 'a19', 's1');
  await expect(resultOf(world, 'a19', decisionId)).rejects.toThrow(WorkflowFailedError);
  expect(await endOf(world, 'a19')).toMatchObject({ end: 'revert-failed', why: expect.stringContaining('crash loop') });
  const state = await stateWhen(world, 'a19', 'it is held', (s) => s.held !== undefined);
  expect(state.held).toContain('will never work');
  const next = await propose(world, 'a19', 's2');
  await stateWhen(
    world,
    'a19',
    'the next proposal is judged',
    (s) => s.seen.includes(next) && s.recent.some((line) => line.includes('held')),
  );
  expect(world.platform.switches('a19')).toEqual([]);
});

test('the same decision proposed twice is one move', async () => {
  const decisionId = await propose(world, 'a20', 's1');
  await propose(world, 'a20', 's1', { decisionId });
  await resultOf(world, 'a20', decisionId);
  await propose(world, 'a20', 's1', { decisionId });
  await stateWhen(world, 'a20', 'the move is booked', (s) => s.moving === undefined && s.coolUntilMs !== undefined);
  expect(world.platform.switches('a20')).toHaveLength(1);
  expect(await world.store.claims({ app: 'a20', limit: 9 })).toHaveLength(1);
});

test('a controller that is told a decision whose move has ended asks how, and does not move again', async () => {
  const { decisionId, handle } = await startMove(world, 'a21', 's1');
  await handle.result();
  await propose(world, 'a21', 's1', { decisionId });
  await stateWhen(world, 'a21', 'the end is booked', (s) => s.moving === undefined && s.coolUntilMs !== undefined);
  expect(world.platform.switches('a21')).toHaveLength(1);
  expect(await world.store.claims({ app: 'a21', limit: 9 })).toHaveLength(1);
});

test('a move goes on when the workers are stopped in the middle of it and started again', async () => {
  world.platform.faults('a22').hang = true;
  const { handle } = await startMove(world, 'a22', 's1', {
    times: { readyDeadlineS: 60, stableS: 0, soakS: 0.5, tolerance: 0.1, revertDeadlineS: 60 },
  });
  await inPhase(world, 'a22', 'ready');
  await world.stopWorkers();
  world.platform.faults('a22').hang = false;
  await world.startWorkers();
  expect(await handle.result()).toMatchObject({ end: 'done' });
  expect(world.platform.switches('a22')).toHaveLength(1);
});
