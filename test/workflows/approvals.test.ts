import { WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';

import { DAYS } from '../../domain/windows.ts';
import type { Decision } from '../../domain/decision.ts';
import type { Answer } from '../../workflows/messages.ts';
import { QUEUE } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import { decided } from './decided.ts';
import { withWorld } from './environment.ts';
import { controllerHandle, endOf, propose, stateOf, stateWhen, tell } from './moves.ts';
import { testConfig } from './test-config.ts';

const base = testConfig({ asking: 16 });
/** `22:07` in so many minutes. */
const clockIn = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
/** q13 may be moved in a quarter of an hour, q14 may be moved in windows that never open within sixty days; q15 forgets what nobody answers. */
const policyOf = (change: object) => ({ ...base.policies['asking'], ...change }) as NonNullable<(typeof base.policies)[string]>;
const world = withWorld({
  ...base,
  policies: {
    ...base.policies,
    blacked: policyOf({ windows: { zone: 'UTC', open: [], blackout: [{ name: 'ever', from: '2020-01-01', to: '2199-12-31' }] } }),
    later: policyOf({ windows: { zone: 'UTC', open: [{ days: [...DAYS], from: clockIn(15), to: clockIn(30) }], blackout: [] } }),
    hasty: policyOf({ approval: { expires: 1, again: 3600 } }),
  },
  apps: {
    ...base.apps,
    q13: { enabled: true, objective: 'fast', namespace: 'default', policy: 'later' },
    q14: { enabled: true, objective: 'fast', namespace: 'default', policy: 'blacked' },
    q15: { enabled: true, objective: 'fast', namespace: 'default', policy: 'hasty' },
  },
});
const ann = { by: 'ann', reason: 'looks right' };

const update = async (app: string, name: string, message: unknown): Promise<string> =>
  (await controllerHandle(world, app).executeUpdate<Answer, [unknown]>(name, { args: [message] })).said;
const whyNot = async (app: string, name: string, message: unknown): Promise<string> => {
  const error: unknown = await update(app, name, message).catch((e: unknown) => e);
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error(`${name} was not refused: ${String(error)}`);
  return error.cause instanceof Error ? error.cause.message : '';
};
/** A look that wants the app on s1, put up for approval. Returns the decision's id. */
const putUp = async (app: string, more: Partial<Decision> & { ageMs?: number } = {}) => {
  const decisionId = await decided(world, app, 's1', more);
  await propose(world, app, 's1', { decisionId, verdict: 'approve', gain: 0.5 });
  await stateWhen(world, app, 'it waits', (s) => s.approval?.decisionId === decisionId && s.mirrored === s.seq);
  return decisionId;
};

test('a move waits until it is approved, shows gain and age, is looked at again, and moves', async () => {
  const decisionId = await putUp('q0');
  expect(await world.store.controller('q0')).toMatchObject({ approval: { decisionId, from: 's0', to: 's1', gain: 0.5 } });
  const details = await eventually('it is shown', async () => {
    const { currentDetails } = await controllerHandle(world, 'q0').query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return currentDetails?.includes('waits for an approval') && currentDetails;
  });
  expect(details).toContain('s0 → s1, gain 0.50, cost of moving not measured yet, since 2');
  expect(await world.store.claim(decisionId)).toBeUndefined();
  expect(await update('q0', 'approve', { ...ann, decision: decisionId })).toBe('q0 moves from s0 to s1');
  expect(await endOf(world, 'q0')).toMatchObject({ end: 'done', origin: 'approval', by: 'ann', decisionId });
  const state = await stateWhen(world, 'q0', 'it is booked', (s) => s.moving === undefined);
  expect(state.approval).toBeUndefined();
  expect(await whyNot('q0', 'approve', ann)).toBe('no move of q0 waits for an approval');
});

test('by signal the same, and a second look with the same move keeps the first one’s age', async () => {
  await putUp('q1');
  const first = (await stateOf(world, 'q1')).approval;
  const newer = await putUp('q1');
  expect((await stateOf(world, 'q1')).approval).toMatchObject({ decisionId: newer, sinceMs: first?.sinceMs, expiresMs: first?.expiresMs });
  expect(await whyNot('q1', 'approve', { ...ann, decision: first?.decisionId })).toBe(
    `${first?.decisionId} does not wait for an approval; ${newer} does`,
  );
  await tell(world, 'q1', 'approve', ann);
  expect(await endOf(world, 'q1')).toMatchObject({ end: 'done', origin: 'approval' });
});

describe('an approval that is stale is refused with the reason:', () => {
  const cases: [string, string, Partial<Decision> & { ageMs?: number }, string][] = [
    ['the newest look is too old', 'q2', { ageMs: 3_600_000 }, 'the newest look is 36'],
    ['the gain is gone', 'q3', { verdict: 'stay', reason: 'gain' }, 'the newest look no longer wants it'],
    ['another site is better now', 'q4', { to: 's2' }, 'the newest look wants to move it from s0 to s2 instead'],
  ];
  test.each(cases)('%s', async (_, app, newest, why) => {
    const ageMs = newest.ageMs ?? 0;
    const decisionId = await decided(world, app, 's1', { ...newest, ageMs });
    await propose(world, app, 's1', { decisionId, verdict: 'approve' });
    await stateWhen(world, app, 'it waits', (s) => s.approval !== undefined);
    expect(await whyNot(app, 'approve', ann)).toContain(`not done: ${why}`);
    expect((await stateOf(world, app)).approval).toBeUndefined();
    expect(world.platform.switches(app)).toEqual([]);
  });

  test('the app is elsewhere by now, or the target cannot take it', async () => {
    await putUp('q5');
    world.platform.elsewhere('q5', 's2');
    expect(await whyNot('q5', 'approve', ann)).toBe('not done: the app is on s2, not on s0');
    await putUp('q6');
    world.platform.faults('q6').infeasible = { site: 's1', why: 'full' };
    expect(await whyNot('q6', 'approve', ann)).toBe('not done: s1 cannot take it: full');
  });
});

test('a rejected move is not done, and is told to the looks so that they do not ask again at once', async () => {
  await putUp('q7');
  expect(await update('q7', 'reject', { by: 'bob', reason: 'not today', forS: 7200 })).toMatch(
    /^q7 is not moved to s1; it is not asked again before 2/,
  );
  const row = await world.store.controller('q7');
  expect(row?.approval).toBeUndefined();
  expect(row?.declined).toMatchObject({ to: 's1' });
  expect(row?.declined?.untilMs).toBeGreaterThan(Date.now() + 7_100_000);
  expect(await whyNot('q7', 'approve', ann)).toBe('no move of q7 waits for an approval');
});

test('of two operators who approve at once one wins, and the other is told', async () => {
  await putUp('q8');
  const [one, two] = await Promise.allSettled([update('q8', 'approve', ann), update('q8', 'approve', { by: 'bob', reason: 'me too' })]);
  const won = [one, two].filter((r) => r.status === 'fulfilled');
  expect(won).toHaveLength(1);
  expect(await endOf(world, 'q8')).toMatchObject({ end: 'done' });
  expect(await world.store.claims({ app: 'q8', limit: 9 })).toHaveLength(1);
});

test('it waits over a restart of every worker and over continue-as-new', async () => {
  const handle = await world.client.workflow.start('placementController', {
    workflowId: 'app/q9',
    taskQueue: QUEUE.control,
    args: [{ app: 'q9', maxEvents: 30 }],
  });
  const decisionId = await putUp('q9');
  const { runId } = await handle.describe();
  for (let i = 0; (await handle.describe()).runId === runId; i++) await update('q9', 'exclude', { ...ann, site: 's2', id: `m${i}` });
  await world.stopWorkers();
  await world.startWorkers();
  expect((await stateOf(world, 'q9')).approval).toMatchObject({ decisionId, to: 's1' });
  await decided(world, 'q9', 's1');
  expect(await update('q9', 'approve', ann)).toBe('q9 moves from s0 to s1');
  expect(await endOf(world, 'q9')).toMatchObject({ end: 'done' });
});

test('a pause, a freeze or an exclusion refuses the approval, which goes on waiting', async () => {
  await putUp('q10');
  await update('q10', 'freeze', ann);
  expect(await whyNot('q10', 'approve', ann)).toBe('frozen where it is by ann: looks right');
  expect(await whyNot('q10', 'override', { ...ann, site: 's2' })).toBe('q10 is frozen where it is by ann: looks right; unfreeze it first');
  expect((await stateOf(world, 'q10')).approval).toBeDefined();
  expect(await update('q10', 'unfreeze', ann)).toBe('q10 may be moved again');
  expect(await update('q10', 'approve', ann)).toBe('q10 moves from s0 to s1');
  expect(await endOf(world, 'q10')).toMatchObject({ end: 'done' });
});

test('outside its windows an approved move waits for the next one, and can still be rejected', async () => {
  await putUp('q13');
  expect(await update('q13', 'approve', ann)).toMatch(/^q13 waits for its time window, which opens at 2.*:00.000Z$/);
  const { approval } = await stateOf(world, 'q13');
  expect(approval?.approved).toMatchObject({ by: 'ann', startsMs: expect.any(Number) });
  expect(await world.store.controller('q13')).toMatchObject({ approval });
  expect(await whyNot('q13', 'approve', { by: 'bob', reason: 'me too' })).toContain('is approved already, by ann');
  expect(await update('q13', 'reject', { by: 'bob', reason: 'no' })).toContain('q13 is not moved to s1');
});

test('outside its windows an approval that no window comes for is refused', async () => {
  await putUp('q14');
  expect(await whyNot('q14', 'approve', ann)).toBe('not done: it is outside the time windows of its policy');
});

test('one that nobody answers runs out', async () => {
  await putUp('q15');
  const state = await stateWhen(world, 'q15', 'it ran out', (s) => s.approval === undefined);
  expect(state.declined).toMatchObject({ to: 's1' });
  expect(state.recent.some((l) => l.includes('the approval ran out'))).toBe(true);
});

test('signals that make no sense are counted and fail nothing', async () => {
  await putUp('q11');
  const bad = [null, {}, { by: 'ann' }, { ...ann, decision: 7 }, { ...ann, decision: 'another' }, { ...ann, forS: 5 }];
  for (const message of bad) await tell(world, 'q11', 'approve', message);
  const state = await stateWhen(world, 'q11', 'all are counted', (s) => s.ignored === bad.length);
  expect(state.approval).toBeDefined();
  expect(state.lastIgnored).toBe('approve: an approval has no end of its own; leave out until and forS');
});
