import { expect, test } from 'vitest';

import { QUEUE } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import { withWorld } from './environment.ts';
import { controllerHandle, endOf, inPhase, moveHandle, propose, stateWhen } from './moves.ts';
import { testConfig } from './test-config.ts';

/** Long soaks, so that a move can be terminated while it verifies. */
const base = testConfig({ apps: 8 });
const policies = Object.fromEntries(
  Object.entries(base.policies).map(([name, policy]) => [name, { ...policy, verify: { soak: 60, tolerance: 0.1 } }]),
);
const world = withWorld({ ...base, policies });

let looks = 0;
const look = () =>
  world.client.workflow.execute('predictQos', { workflowId: `predict/by-hand-${(looks += 1)}`, taskQueue: QUEUE.control, args: [] });

const phases = [
  ['a0', 'snapshot', () => void (world.platform.faults('a0').throws.snapshot = 1e9)],
  ['a1', 'apply', () => void (world.platform.faults('a1').throws.apply = 1e9)],
  ['a2', 'ready', () => void (world.platform.faults('a2').hang = true)],
  ['a3', 'ready', () => undefined],
] as const;

test('a move that is terminated, at whatever phase, is found by the next looks and repaired from its snapshot', async () => {
  const before = phases.map(([app]) => world.platform.originalOf(app));
  for (const [app, phase, fault] of phases) {
    fault();
    const decisionId = await propose(world, app, 's1');
    await inPhase(world, app, phase);
    if (app === 'a3') await eventually('it has switched', () => world.platform.siteOf('a3') === 's1');
    await moveHandle(world, app, decisionId).terminate('the test');
  }
  for (const [app] of phases) world.platform.faults(app).throws.snapshot = 0;
  const open = async () => (await world.store.openClaims()).length;
  expect(await open()).toBe(4);
  await eventually('a look finds them', async () => {
    await look();
    return (await open()) === 0;
  });
  for (const [i, [app]] of phases.entries()) {
    expect(await endOf(world, app)).toMatchObject({ end: 'reverted', why: expect.stringContaining('terminated') });
    expect(world.platform.originalOf(app)).toEqual(before[i]);
    const state = await stateWhen(world, app, 'the end is booked', (s) => s.moving === undefined);
    expect(state).toMatchObject({ quarantine: [{ site: 's1' }] });
    expect(state.held).toBeUndefined();
  }
});

test('a move that is terminated together with its controller is repaired by the next one', async () => {
  const before = world.platform.originalOf('a4');
  const decisionId = await propose(world, 'a4', 's1');
  await eventually('it has switched', () => world.platform.siteOf('a4') === 's1');
  await controllerHandle(world, 'a4').terminate('the test');
  await moveHandle(world, 'a4', decisionId).terminate('the test');
  await eventually('a look finds it', async () => {
    await look();
    return (await world.store.claim(decisionId))?.end !== undefined;
  });
  expect(await endOf(world, 'a4')).toMatchObject({ end: 'reverted' });
  expect(world.platform.originalOf('a4')).toEqual(before);
});

test('a controller that is terminated during its move is started anew by a look, and books how the move ended', async () => {
  const decisionId = await propose(world, 'a6', 's1');
  await eventually('it has switched', () => world.platform.siteOf('a6') === 's1');
  await controllerHandle(world, 'a6').terminate('the test');
  await moveHandle(world, 'a6', decisionId).cancel();
  expect(await endOf(world, 'a6')).toMatchObject({ end: 'reverted', decisionId });
  expect(await world.store.controller('a6')).toMatchObject({ moving: decisionId });
  await eventually('a look has it booked', async () => {
    await look();
    return (await world.store.controller('a6'))?.moving === undefined;
  });
  expect(await world.store.controller('a6')).toMatchObject({ coolUntilMs: expect.any(Number), quarantine: [{ site: 's1' }] });
});

test('a terminated move whose repair fails is recorded, and its app is held', async () => {
  const decisionId = await propose(world, 'a5', 's1');
  await eventually('it has switched', () => world.platform.siteOf('a5') === 's1');
  world.platform.faults('a5').hopeless = 'restore';
  await moveHandle(world, 'a5', decisionId).terminate('the test');
  await controllerHandle(world, 'a5').signal('moveLost', { decisionId });
  expect(await endOf(world, 'a5')).toMatchObject({ end: 'revert-failed', why: expect.stringContaining('will never work') });
  const state = await stateWhen(world, 'a5', 'it is held', (s) => s.held !== undefined);
  expect(state.held).toContain('will never work');
  expect(await world.store.controller('a5')).toMatchObject({ held: state.held });
});
