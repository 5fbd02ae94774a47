import { WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';

import type { Answer } from '../../workflows/messages.ts';
import { eventually } from '../contracts/eventually.ts';
import { atRest, eventsOf } from './histories.ts';
import { withWorld } from './environment.ts';
import { controllerHandle, endOf, inPhase, propose, proposalOf, resultOf, stateOf, stateWhen, tell } from './moves.ts';

const world = withWorld();
const ann = { by: 'ann', reason: 'deploy' };

/** Starts the controller of an app as it is found by its first message. */
const begin = async (app: string) => {
  await tell(world, app, 'reconfigured');
  await stateWhen(world, app, 'it knows its app', (s) => s.facts?.known === true);
  return controllerHandle(world, app);
};
const update = async (app: string, name: string, message: unknown): Promise<Answer> =>
  await controllerHandle(world, app).executeUpdate<Answer, [unknown]>(name, { args: [message] });
const whyNot = async (app: string, name: string, message: unknown): Promise<string> => {
  const error: unknown = await update(app, name, message).catch((e: unknown) => e);
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error(`${name} was not rejected`, { cause: error });
  return error.cause instanceof Error ? error.cause.message : '';
};
const mirrorOf = (app: string) => world.store.controller(app);

describe('a pause', () => {
  test('is in the store when its update answers, no move starts after that, and resume lifts it', async () => {
    await begin('a0');
    expect(await update('a0', 'pause', ann)).toEqual({ ok: true, said: 'a0 is paused until it is taken back' });
    expect(await mirrorOf('a0')).toMatchObject({ paused: true, pause: ann });
    const decisionId = await propose(world, 'a0', 's1');
    const state = await stateWhen(world, 'a0', 'the proposal is judged', (s) =>
      s.recent.some((l) => l.includes('not done, paused by ann')),
    );
    expect(state.moving).toBeUndefined();
    expect(await world.store.claim(decisionId)).toBeUndefined();
    expect((await update('a0', 'resume', { by: 'bob', reason: 'done' })).said).toBe('a0 goes on; it was paused');
    expect(await mirrorOf('a0')).toMatchObject({ paused: false });
    await propose(world, 'a0', 's1');
    expect(await endOf(world, 'a0')).toMatchObject({ end: 'done' });
  });

  test('that comes with the signal that starts the controller is heard', async () => {
    await tell(world, 'a1', 'pause', ann);
    const state = await stateWhen(world, 'a1', 'it is paused', (s) => s.paused !== undefined && s.mirrored === s.seq);
    expect(state).toMatchObject({ ignored: 0, paused: ann });
    expect(await mirrorOf('a1')).toMatchObject({ paused: true });
  });

  test('with a time ends by itself', async () => {
    await begin('a2');
    const { said } = await update('a2', 'pause', { ...ann, forS: 1 });
    expect(said).toMatch(/^a2 is paused until \d{4}-/);
    await stateWhen(world, 'a2', 'the pause is over', (s) => s.paused === undefined && s.mirrored === s.seq);
    expect(await mirrorOf('a2')).toMatchObject({ paused: false });
  });

  test('lets a move that is under way finish, and says so', async () => {
    await begin('a3');
    world.platform.faults('a3').hang = true;
    await propose(world, 'a3', 's1');
    await inPhase(world, 'a3', 'ready');
    expect((await update('a3', 'pause', ann)).said).toContain('the move to s1 that is under way will finish');
    world.platform.faults('a3').hang = false;
    expect(await endOf(world, 'a3')).toMatchObject({ end: 'done' });
  });

  test('with onPause revert ends the move that is under way, and the app is home again', async () => {
    await begin('r0');
    const before = world.platform.originalOf('r0');
    world.platform.faults('r0').hang = true;
    await propose(world, 'r0', 's1');
    await inPhase(world, 'r0', 'ready');
    expect((await update('r0', 'pause', ann)).said).toContain('the move to s1 that is under way will be reverted');
    expect(await endOf(world, 'r0')).toMatchObject({ end: 'reverted', why: 'cancelled' });
    expect(world.platform.originalOf('r0')).toEqual(before);
  });

  test('with onPause revert stops a move before its next effect', async () => {
    await begin('r1');
    world.platform.faults('r1').throws.snapshot = 1e9;
    await propose(world, 'r1', 's1');
    await inPhase(world, 'r1', 'snapshot');
    await tell(world, 'r1', 'pause', ann);
    expect(await endOf(world, 'r1')).toMatchObject({ end: 'reverted' });
    expect(world.platform.calls('r1')).not.toContain('apply');
  });
});

describe('an override', () => {
  test('is carried out at once and keeps looks from moving the app elsewhere', async () => {
    await begin('a4');
    expect((await update('a4', 'override', { ...ann, site: 's2' })).said).toBe('a4 is to be on s2 until it is taken back');
    expect(await endOf(world, 'a4')).toMatchObject({ end: 'done', to: 's2', origin: 'override', by: 'ann' });
    await stateWhen(world, 'a4', 'the move is booked', (s) => s.moving === undefined);
    await propose(world, 'a4', 's1', { from: 's2' });
    await stateWhen(world, 'a4', 'the proposal is judged', (s) => s.recent.some((l) => l.includes('overridden to s2 by ann')));
    expect(world.platform.switches('a4')).toHaveLength(1);
    expect((await update('a4', 'clear-override', ann)).said).toBe('a4 is no longer overridden to s2');
    expect((await update('a4', 'clear-override', ann)).said).toBe('a4 had no override');
    expect((await mirrorOf('a4'))?.override).toBeUndefined();
  });

  test('by signal does the same, and ends at its time', async () => {
    await tell(world, 'a5', 'override', { ...ann, site: 's1', forS: 1.5 });
    expect(await endOf(world, 'a5')).toMatchObject({ end: 'done', to: 's1', origin: 'override' });
    await stateWhen(world, 'a5', 'the override is over', (s) => s.override === undefined);
  });

  test('to a site the app does not have, or that is excluded, is rejected with the reason', async () => {
    await begin('a6');
    expect(await whyNot('a6', 'override', { ...ann, site: 'mars' })).toBe('mars is not a site of a6; its sites are s0, s1, s2');
    await update('a6', 'exclude', { ...ann, site: 's1' });
    expect(await whyNot('a6', 'override', { ...ann, site: 's1' })).toContain('include it first');
    expect((await stateOf(world, 'a6')).override).toBeUndefined();
  });

  test('of a second operator replaces the first, and each is told what is true', async () => {
    await begin('a7');
    await update('a7', 'pause', ann);
    const said = await Promise.all([
      update('a7', 'override', { ...ann, site: 's1' }),
      update('a7', 'override', { by: 'bob', reason: 'cheaper', site: 's2' }),
    ]);
    expect(said.map((a) => a.said)).toEqual(expect.arrayContaining([expect.stringContaining('s1'), expect.stringContaining('s2')]));
    const { override } = await stateOf(world, 'a7');
    expect(await mirrorOf('a7')).toMatchObject({ override });
  });

  test('that the world refuses is left to the looks, not tried again and again', async () => {
    await begin('a8');
    world.platform.faults('a8').refuse = 'quota';
    await update('a8', 'override', { ...ann, site: 's1' });
    expect(await endOf(world, 'a8')).toMatchObject({ end: 'refused', why: 'quota' });
    const state = await stateWhen(world, 'a8', 'the end is booked', (s) => s.moving === undefined);
    expect(state.tried).toContain('quota');
    expect(await world.store.claims({ app: 'a8', limit: 9 })).toHaveLength(1);
  });
});

test('an excluded site is no destination until it is included again', async () => {
  await begin('a9');
  expect((await update('a9', 'exclude', { ...ann, site: 's1' })).said).toBe('a9 will not be moved to s1 until it is taken back');
  await propose(world, 'a9', 's1');
  await stateWhen(world, 'a9', 'the proposal is judged', (s) => s.recent.some((l) => l.includes('s1 is excluded by ann')));
  expect((await update('a9', 'include', { ...ann, site: 's1' })).said).toBe('a9 may be moved to s1 again');
  expect((await update('a9', 'include', { ...ann, site: 's1' })).said).toBe('s1 was not excluded');
  await propose(world, 'a9', 's1');
  expect(await endOf(world, 'a9')).toMatchObject({ end: 'done' });
});

test('a recommendation is shown and not carried out', async () => {
  const decisionId = await propose(world, 'a10', 's1', { verdict: 'recommend' });
  const state = await stateWhen(world, 'a10', 'it is remembered', (s) => s.recent.length > 0);
  expect(state.recent[0]).toContain('recommended');
  expect(await world.store.claim(decisionId)).toBeUndefined();
});

test('cool-down keeps an app where it is after a move, and grows with the next', async () => {
  await propose(world, 'a11', 's1');
  await endOf(world, 'a11');
  const first = await stateWhen(world, 'a11', 'the move is booked', (s) => s.coolUntilMs !== undefined);
  await propose(world, 'a11', 's2', { from: 's1' });
  await stateWhen(world, 'a11', 'the proposal is judged', (s) => s.recent.some((l) => l.includes('cooling down')));
  await eventually('the cool-down is over', () => Date.now() > (first.coolUntilMs ?? 0));
  const decisionId = await propose(world, 'a11', 's2', { from: 's1' });
  await resultOf(world, 'a11', decisionId);
  expect((await stateWhen(world, 'a11', 'the second is booked', (s) => s.coolStep === 1)).coolUntilMs).toBeGreaterThan(
    first.coolUntilMs ?? 0,
  );
});

test('a move costs at most 55 events, those of its controller included', async () => {
  const handle = await begin('a12');
  await atRest(handle);
  const before = await eventsOf(handle);
  const decisionId = await propose(world, 'a12', 's1');
  await resultOf(world, 'a12', decisionId);
  await stateWhen(world, 'a12', 'the move is booked', (s) => s.moving === undefined && s.coolUntilMs !== undefined && !s.stale);
  await atRest(handle);
  const events = (await eventsOf(handle)) - before + (await eventsOf(world.client.workflow.getHandle(`move/a12/${decisionId}`)));
  expect(events).toBeLessThanOrEqual(55);
});

test('an idle controller adds no event to its history', async () => {
  const handle = await begin('a13');
  await atRest(handle);
  const before = await eventsOf(handle);
  await propose(world, 'a14', 's1');
  await endOf(world, 'a14');
  await stateOf(world, 'a13');
  expect(await eventsOf(handle)).toBe(before);
});

test('search attributes and current details tell the state', async () => {
  const handle = await begin('a15');
  await update('a15', 'pause', { by: 'ann <b>', reason: '**deploy** | of `x`' });
  const shown = await eventually('the pause is shown', async () => {
    const { typedSearchAttributes } = await handle.describe();
    const pairs = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    return pairs['BerthPaused'] === true && pairs;
  });
  expect(shown).toMatchObject({ BerthApp: 'a15', BerthSite: 's0', BerthState: 'paused', BerthPaused: true });
  const details = await eventually('the details are there', async () => {
    const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return currentDetails?.includes('paused') && currentDetails;
  });
  expect(details).toContain('**a15** is on **s0**');
  expect(details).toContain('ann &lt;b&gt;');
  expect(details).toContain('\\*\\*deploy\\*\\* \\| of \\`x\\`');
});

test('a controller that begins anew takes over what the one before had mirrored', async () => {
  const handle = await begin('a16');
  await update('a16', 'exclude', { ...ann, site: 's2' });
  await update('a16', 'pause', ann);
  await handle.terminate('the test');
  const before = await mirrorOf('a16');
  await propose(world, 'a16', 's1');
  const state = await stateWhen(world, 'a16', 'the proposal is judged', (s) => s.recent.some((l) => l.includes('paused by ann')));
  expect(state).toMatchObject({ paused: ann, excluded: [{ site: 's2', ...ann }] });
  expect(state.seq).toBeGreaterThanOrEqual(before?.seq ?? Infinity);
  await update('a16', 'resume', ann);
  expect(await mirrorOf('a16')).toMatchObject({ paused: false });
});

test('a controller of an app that nobody has applied fails at once and says which', async () => {
  await tell(world, 'nobody', 'reconfigured');
  await expect(controllerHandle(world, 'nobody').result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('no app is called nobody') },
  });
});

test('a stray claim named by mistake neither holds the app nor keeps the controller busy', async () => {
  const handle = await begin('a17');
  world.platform.faults('a17').hang = true;
  const decisionId = await propose(world, 'a17', 's1');
  await inPhase(world, 'a17', 'ready');
  await handle.signal('moveLost', { decisionId: 'made-up' });
  await stateWhen(world, 'a17', 'the stray is looked into', (s) => s.recent.some((l) => l.includes('made-up was said to be lost')));
  world.platform.faults('a17').hang = false;
  expect(await resultOf(world, 'a17', decisionId)).toMatchObject({ end: 'done' });
  await handle.signal('moveLost', { decisionId: proposalOf('a17', 's1').decisionId });
  const state = await stateWhen(
    world,
    'a17',
    'the second is looked into',
    (s) => s.recent.filter((l) => l.includes('was said to be lost')).length === 2,
  );
  expect(state.held).toBeUndefined();
});
