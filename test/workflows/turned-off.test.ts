import { ScheduleNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { beforeAll, describe, expect, test } from 'vitest';

import { appNames } from '../../activities/looks.ts';
import { scheduleIds } from '../../activities/schedules.ts';
import type { Config } from '../../domain/config.ts';
import { applyConfig } from '../../scripts/commands/apply.ts';
import { diffConfig } from '../../scripts/commands/diff.ts';
import { inFlight } from '../../scripts/commands/in-flight.ts';
import type { FleetState } from '../../workflows/fleet-verbs.ts';
import type { Answer } from '../../workflows/messages.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import { withWorld } from './environment.ts';
import { controllerHandle, endOf, inPhase, propose, stateWhen } from './moves.ts';
import { testConfig } from './test-config.ts';

const base = testConfig({ apps: 6, reverting: 1, asking: 1, schedules: { look: { every: '1h' }, train: { every: '6h' } } });
/** No move is over before its test says so. */
const on: Config = {
  ...base,
  policies: Object.fromEntries(Object.entries(base.policies).map(([name, p]) => [name, { ...p, ready: { deadline: 120, stable: 0 } }])),
};
const world = withWorld(on);
const ann = { by: 'ann', reason: 'x' };
const off = (...apps: string[]): Config => ({
  ...on,
  apps: Object.fromEntries(Object.entries(on.apps).map(([name, app]) => [name, apps.includes(name) ? { ...app, enabled: false } : app])),
});
const apply = (config: Config) => applyConfig(config, { store: world.store, client: world.client, by: 'test' });
const scheduled = async (id: string): Promise<boolean> => {
  try {
    await world.client.schedule.getHandle(id).describe();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
};
const whyNot = async (app: string, update: string, message: unknown): Promise<string> => {
  const error: unknown = await controllerHandle(world, app)
    .executeUpdate<Answer, [unknown]>(update, { args: [message] })
    .catch((e: unknown) => e);
  return error instanceof WorkflowUpdateFailedError && error.cause instanceof Error ? error.cause.message : String(error);
};

beforeAll(async () => {
  await apply(on);
});

test('its Schedule goes with it, looks leave it out, and diff says so beforehand', async () => {
  expect(await diffConfig(off('a0'), world)).toEqual(['~ apps.a0.enabled: true -> false', 'Schedule train-a0 would be deleted']);
  expect(await scheduled(scheduleIds.train('a0'))).toBe(true);
  expect(await apply(off('a0'))).toEqual([
    'configuration version 2 is in force',
    'Schedule train-a0 deleted',
    'turned off: a0; nothing of it is under way',
  ]);
  expect([await scheduled(scheduleIds.train('a0')), await scheduled(scheduleIds.train('a1')), await scheduled(scheduleIds.look)]).toEqual([
    false,
    true,
    true,
  ]);
  const applied = await world.store.config();
  expect(applied && appNames(applied)).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'q0', 'r0']);
});

describe('an app that is turned off', () => {
  beforeAll(async () => {
    await propose(world, 'q0', 's1', { verdict: 'approve', gain: 0.5 });
    await stateWhen(world, 'q0', 'it waits', (s) => s.approval !== undefined && s.mirrored === s.seq);
    for (const app of ['a1', 'r0']) {
      world.platform.faults(app).hang = true;
      await propose(world, app, 's1');
      await inPhase(world, app, 'ready');
    }
    const config = off('a0', 'a1', 'r0', 'q0');
    expect(await inFlight(config, world)).toEqual([
      'turned off: a0, a1, r0, q0; still under way:',
      'the move of a1 from s0 to s1 finishes',
      'the move of r0 from s0 to s1 is undone',
    ]);
    expect(await apply(config)).toContain('the move of a1 from s0 to s1 finishes');
    for (const app of ['a1', 'r0']) delete world.platform.faults(app).hang;
  });

  test('ends the move that is under way as a pause would', async () => {
    expect(await endOf(world, 'a1')).toMatchObject({ end: 'done' });
    expect(await endOf(world, 'r0')).toMatchObject({ end: 'reverted' });
    expect(world.platform.siteOf('r0')).toBe('s0');
  });

  test('asks nobody any more, and takes neither a proposal nor an override', async () => {
    const { approval, recent } = await stateWhen(world, 'q0', 'it has heard', (s) => s.approval === undefined && s.mirrored === s.seq);
    expect(approval).toBeUndefined();
    expect(recent[0]).toContain('s0 → s1: not done, the app was turned off');
    expect(await whyNot('q0', 'override', { ...ann, site: 's2' })).toBe('q0 is turned off; enable it first');
    await propose(world, 'a1', 's2');
    const refused = await stateWhen(world, 'a1', 'it refuses', (s) => s.recent[0]?.includes('not done') === true);
    expect(refused.recent[0]).toContain('not done, turned off (enabled: false)');
  });

  test('is not admitted, whoever asks', async () => {
    for (const origin of ['look', 'override', 'approval', 'drain', 'profile'] as const) {
      const request = {
        decisionId: `x-${origin}`,
        app: 'a0',
        from: 's0',
        to: 's1',
        origin,
        reason: 'x',
        by: 'x',
        workflowId: 'x',
      } as const;
      expect(await world.store.claimMove({ ...request, nowMs: Date.now() })).toEqual({
        admitted: false,
        refusal: 'app a0 is turned off (enabled: false)',
      });
    }
  });

  test('is looked after again once it is turned on', async () => {
    expect(await apply(on)).toEqual(expect.arrayContaining(['Schedule train-a0 created']));
    await propose(world, 'a0', 's1');
    expect(await endOf(world, 'a0')).toMatchObject({ end: 'done' });
  });
});

test('a profile makes no further visit and takes the app home', async () => {
  const start = { workflowId: workflowIds.profile('a2'), taskQueue: QUEUE.control, args: [{ app: 'a2', visits: 5, visitS: 0.3 }] };
  const handle = await world.client.workflow.start('profileApp', start);
  await eventually('it visits', () => world.platform.siteOf('a2') === 's1');
  expect((await apply(off('a2'))).at(-1)).toBe('the profile of a2 makes no further visit and takes the app home');
  await expect(handle.result()).rejects.toThrow();
  expect(await endOf(world, 'a2')).toMatchObject({ end: 'reverted', why: 'a2 was turned off' });
  expect(world.platform.siteOf('a2')).toBe('s0');
});

test('all of berth turned off has no Schedule, and its watch looks once a day', async () => {
  const said = await apply({ ...on, enabled: false });
  expect(said).toEqual(expect.arrayContaining(['Schedule predict-fleet deleted', 'turned off: everything; nothing of it is under way']));
  const watch = world.client.workflow.getHandle(workflowIds.watch);
  const state = await eventually('the watch has heard', async () => {
    const own = await watch.query<FleetState>('state');
    return own.off === true && own;
  });
  expect(state.findings).toEqual(['berth is turned off (enabled: false)']);
  expect(await scheduled(scheduleIds.look)).toBe(false);
  expect(await apply(on)).toEqual(expect.arrayContaining(['Schedule predict-fleet created']));
  await eventually('the watch goes on', async () => (await watch.query<FleetState>('state')).off === false);
});
