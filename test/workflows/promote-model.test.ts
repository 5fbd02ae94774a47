import { WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';

import type { Checked } from '../../activities/challenges.ts';
import type { ShadowRuling } from '../../learning/shadow.ts';
import type { PromoteResult, PromotionState } from '../../workflows/promote-model.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import { withWorld } from './environment.ts';

/** What the checks of a key answer, one after the other; the last one stands. */
const checks = new Map<string, Checked[]>();
const shadows = new Map<string, ShadowRuling>();
const world = withWorld(undefined, {
  checkModel: async ({ key }) => {
    const answers = checks.get(key) ?? [];
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (!next) throw new Error(`no check of ${key} is expected`);
    return next;
  },
  watchShadow: async ({ key }) => shadows.get(key)!,
});

const sha = (n: number) => n.toString(16).padStart(64, '0');
const ann = { by: 'ann', reason: 'looks right' };
const answer = (ok: boolean, terms: Partial<Checked['terms']> = {}): Checked => ({
  ok,
  why: ok ? 'a third better' : 'worse than the champion',
  terms: { promotion: 'auto', shadow: 0, intervalS: 0.1, ...terms },
});

async function versions(key: string): Promise<void> {
  for (const n of [1, 2])
    await world.store.addModel({
      key,
      onnxSha256: sha(n),
      contract: {},
      contractDigest: sha(n),
      servedBy: 'model',
      report: {},
      profileId: 'p',
      createdMs: n,
    });
  await world.store.setAlias({ key, alias: 'champion', version: 1, by: 'test', why: 'first', atMs: 1 });
}
async function start(key: string, ...answers: Checked[]) {
  await versions(key);
  checks.set(key, answers);
  return await world.client.workflow.start<(input: object) => Promise<PromoteResult>>('promoteModel', {
    workflowId: workflowIds.promote(key, 2),
    taskQueue: QUEUE.control,
    args: [{ key, version: 2 }],
  });
}
const champion = async (key: string) => (await world.store.alias(key, 'champion'))?.version;
type Handle = Awaited<ReturnType<typeof start>>;
const inPhase = (handle: Handle, phase: PromotionState['phase']) =>
  eventually(`it is ${phase}`, async () => (await handle.query<PromotionState>('state')).phase === phase);

test('what is better serves, what is not is kept, and the history says by whom and why', async () => {
  expect(await (await start('a0', answer(true))).result()).toEqual({ promoted: true, why: 'a third better' });
  expect(await champion('a0')).toBe(2);
  expect((await world.store.aliasHistory('a0'))[0]).toMatchObject({ alias: 'champion', version: 2, by: 'berth', why: 'a third better' });
  expect(await (await start('a1', answer(false))).result()).toEqual({ promoted: false, why: 'worse than the champion' });
  expect(await champion('a1')).toBe(1);
  expect((await world.store.aliasHistory('a1'))[0]).toMatchObject({ alias: 'kept', version: 2, why: 'worse than the champion' });
});

describe('a version that waits for approval', () => {
  test('is not asked for it before it waits, serves once a person approves, and the history names the person', async () => {
    shadows.set('a2', { looks: 0, outcomes: 0, why: 'nothing yet' });
    const handle = await start('a2', answer(true, { promotion: 'approve', shadow: 2 }));
    await inPhase(handle, 'shadow');
    await expect(handle.executeUpdate('approve', { args: [ann] })).rejects.toThrow(WorkflowUpdateFailedError);
    shadows.set('a2', { looks: 2, outcomes: 2, ok: true, why: 'no worse in the shadow' });
    await inPhase(handle, 'waiting');
    expect(await champion('a2')).toBe(1);
    await expect(handle.executeUpdate('approve', { args: [{ by: 'ann' }] })).rejects.toThrow(WorkflowUpdateFailedError);
    expect(await handle.executeUpdate('approve', { args: [ann] })).toMatchObject({ ok: true });
    expect(await handle.result()).toMatchObject({ promoted: true });
    expect((await world.store.aliasHistory('a2'))[0]).toMatchObject({
      alias: 'champion',
      by: 'ann',
      why: 'looks right; a third better; no worse in the shadow',
    });
  });

  test('is turned down by a signal, and does not serve', async () => {
    const handle = await start('a3', answer(true, { promotion: 'approve' }));
    await inPhase(handle, 'waiting');
    await handle.signal('reject', 'not a message');
    await handle.signal('reject', { by: 'bob', reason: 'not before the holidays' });
    expect(await handle.result()).toEqual({ promoted: false, why: 'turned down by bob: not before the holidays' });
    expect(await handle.query<PromotionState>('state')).toMatchObject({ ignored: 1, phase: 'ended' });
    expect((await world.store.aliasHistory('a3'))[0]).toMatchObject({ alias: 'rejected', version: 2, by: 'bob' });
    expect(await champion('a3')).toBe(1);
  });

  test('is judged again when it is approved, because another may have become champion meanwhile', async () => {
    const handle = await start('a4', answer(true, { promotion: 'approve' }), answer(false));
    await inPhase(handle, 'waiting');
    await handle.signal('approve', ann);
    expect(await handle.result()).toEqual({ promoted: false, why: 'worse than the champion' });
    expect(await champion('a4')).toBe(1);
  });
});

test.each([
  ['is worse on what happened', 'a5', { looks: 2, outcomes: 2, ok: false, why: 'worse in the shadow' }],
  ['never saw anything happen', 'a6', { looks: 2, outcomes: 0, why: 'nothing happened' }],
])('a version that %s in the shadow is kept', async (_, key, ruling) => {
  shadows.set(key, ruling);
  expect(await (await start(key, answer(true, { shadow: 2 }))).result()).toEqual({ promoted: false, why: ruling.why });
  expect(await champion(key)).toBe(1);
});

test('a rollback puts back what served before, once, and the version that was taken away is marked', async () => {
  const roll = (key: string) =>
    world.client.workflow.execute('rollbackModel', {
      workflowId: workflowIds.rollback(key),
      taskQueue: QUEUE.control,
      args: [{ key, ...ann }],
    });
  await (await start('a7', answer(true))).result();
  expect(await roll('a7')).toEqual({ from: 2, to: 1 });
  expect(await champion('a7')).toBe(1);
  expect((await world.store.alias('a7', 'previous'))?.version).toBe(2);
  const history = await world.store.aliasHistory('a7');
  expect(history.slice(0, 3)).toMatchObject([
    { alias: 'champion', version: 1, by: 'ann', why: 'rollback: looks right' },
    { alias: 'previous', version: 2 },
    { alias: 'rejected', version: 2, by: 'ann' },
  ]);
  await versions('a8');
  await expect(roll('a8')).rejects.toMatchObject({ cause: { cause: { message: 'nothing served a8 before version 1' } } });
  await expect(roll('nobody')).rejects.toMatchObject({ cause: { cause: { message: 'no model of nobody serves' } } });
});
