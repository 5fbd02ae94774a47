import type { WorkflowHandle } from '@temporalio/client';
import { test } from 'vitest';

import type { PromotionState } from '../../workflows/promote-model.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import { decided } from '../workflows/decided.ts';
import { withWorld } from '../workflows/environment.ts';
import { atRest } from '../workflows/histories.ts';
import { controllerHandle, endOf, inPhase, moveHandle, propose, startMove, stateWhen, tell } from '../workflows/moves.ts';
import { testConfig } from '../workflows/test-config.ts';
import { writeHistory } from './history-files.ts';

let tooLittle = true;
let drifting = false;
const drifted = { version: 1, kind: 'error' as const, name: 'error', windows: 3, effect: 0.3, why: 'it errs', sinceMs: 1, atMs: 2 };
const world = withWorld(testConfig({ asking: 3 }), {
  fitModel: async ({ app }) =>
    app === 'a9' && tooLittle
      ? { kind: 'too-little', why: 'too few rows' }
      : { kind: 'fitted', version: 1, servedBy: 'model', said: 'it beats the baselines' },
  checkModel: async ({ version }) => ({
    ...(version === 2 ? { ok: false, why: 'worse than the champion' } : { ok: true, why: 'better' }),
    terms: { promotion: version > 2 ? 'approve' : 'auto', shadow: version > 2 ? 2 : 0, intervalS: 0.1 },
  }),
  findDrift: async ({ keys }) => keys.flatMap((key) => (drifting && key === 'a14' ? [{ ...drifted, key, app: key }] : [])),
  watchShadow: async () => ({ looks: 2, outcomes: 2, ok: true, why: 'no worse in the shadow' }),
});
const ann = { by: 'ann', reason: 'deploy' };

const ended = async (name: string, handle: WorkflowHandle) => {
  await handle.result().catch(() => undefined);
  await writeHistory(name, await handle.fetchHistory());
};
const now = async (name: string, handle: WorkflowHandle) => {
  await atRest(handle);
  await writeHistory(name, await handle.fetchHistory());
};
const start = (type: string, workflowId: string, ...args: unknown[]) =>
  world.client.workflow.start(type, { workflowId, taskQueue: QUEUE.control, args });

test('moves', async () => {
  const done = await propose(world, 'a0', 's1');
  await endOf(world, 'a0');
  await ended('migrate-app.done', moveHandle(world, 'a0', done));
  world.platform.faults('a1').refuse = 'quota';
  await ended('migrate-app.refused-by-dry-run', (await startMove(world, 'a1', 's1')).handle);
  await ended('migrate-app.refused-by-recheck', (await startMove(world, 'a1', 's1', { expiresMs: 1 })).handle);
  await world.store.claimMove({
    decisionId: 'held',
    app: 'a2',
    from: 's0',
    to: 's1',
    origin: 'look',
    reason: 'x',
    by: 'x',
    workflowId: 'x',
    nowMs: Date.now(),
  });
  await ended('migrate-app.refused-by-claim', (await startMove(world, 'a2', 's1')).handle);
  world.platform.faults('a3').startFails = 'crash loop';
  await ended('migrate-app.not-ready', (await startMove(world, 'a3', 's1')).handle);
  world.feeder.show('a4', 's1', 100);
  await ended('migrate-app.regress', (await startMove(world, 'a4', 's1')).handle);
  world.platform.faults('a5').hang = true;
  const { handle } = await startMove(world, 'a5', 's1');
  await inPhase(world, 'a5', 'ready');
  await handle.cancel();
  await ended('migrate-app.cancelled', handle);
  Object.assign(world.platform.faults('a6'), { startFails: 'crash loop', hopeless: 'restore' });
  await ended('migrate-app.revert-failed', (await startMove(world, 'a6', 's1')).handle);
});

test('controllers', async () => {
  await stateWhen(world, 'a0', 'the move is booked', (s) => s.moving === undefined && !s.stale);
  await now('placement-controller.moved', controllerHandle(world, 'a0'));
  const handle = await start('placementController', workflowIds.controller('a10'), { app: 'a10', maxEvents: 60 });
  const said = (name: string, more: object = {}) => handle.executeUpdate(name, { args: [{ ...ann, ...more }] });
  await said('pause', { forS: 1 });
  await handle.signal('exclude', { ...ann, site: 's2' });
  await handle.signal('pause', null);
  await handle.signal('strange', null);
  await handle.signal('propose', {
    decisionId: 'd1',
    app: 'a10',
    from: 's0',
    to: 's1',
    gain: 0.1,
    verdict: 'recommend',
    expiresMs: 1,
    reason: 'x',
  });
  await stateWhen(world, 'a10', 'the pause is over', (s) => s.paused === undefined && s.recent.length > 2);
  await handle.signal('reconfigured');
  await said('override', { site: 's1' });
  await endOf(world, 'a10');
  await stateWhen(world, 'a10', 'the move is booked', (s) => s.moving === undefined && !s.stale);
  const { runId } = await handle.describe();
  for (let i = 0; (await handle.describe()).runId === runId; i++) await said(i % 2 === 0 ? 'pause' : 'resume');
  await writeHistory('placement-controller.continued', await world.client.workflow.getHandle(handle.workflowId, runId).fetchHistory());
  await said('clear-override');
  await now('placement-controller.carried-on', handle);
  const lost = await propose(world, 'a11', 's1');
  await inPhase(world, 'a11', 'ready');
  await moveHandle(world, 'a11', lost).terminate('the test');
  await tell(world, 'a11', 'moveLost', { decisionId: lost });
  await stateWhen(world, 'a11', 'it is repaired', (s) => s.moving === undefined && !s.stale);
  await now('placement-controller.repaired', controllerHandle(world, 'a11'));
  await decided(world, 'q0', 's1');
  await propose(world, 'q0', 's1', { verdict: 'approve' });
  await stateWhen(world, 'q0', 'it waits', (s) => s.approval !== undefined && s.mirrored === s.seq);
  await controllerHandle(world, 'q0').executeUpdate('approve', { args: [ann] });
  await stateWhen(world, 'q0', 'the move is booked', (s) => s.lastEndMs !== undefined && !s.stale);
  await now('placement-controller.approved', controllerHandle(world, 'q0'));
  await decided(world, 'q1', 's1', { verdict: 'stay', reason: 'gain' });
  await propose(world, 'q1', 's1', { verdict: 'approve' });
  await stateWhen(world, 'q1', 'it waits', (s) => s.approval !== undefined && s.mirrored === s.seq);
  await controllerHandle(world, 'q1').signal('freeze', ann);
  await controllerHandle(world, 'q1').executeUpdate('unfreeze', { args: [ann] });
  await controllerHandle(world, 'q1').signal('approve', ann);
  await stateWhen(world, 'q1', 'it is refused', (s) => s.answered !== undefined && !s.stale);
  await now('placement-controller.approval-refused', controllerHandle(world, 'q1'));
  await tell(world, 'nobody', 'pause', ann);
  await ended('placement-controller.unknown-app', controllerHandle(world, 'nobody'));
});

test('the watch', async () => {
  const handle = await start('watchFleet', workflowIds.watch, { everyS: 1, maxEvents: 40 });
  await handle.executeUpdate('pause', { args: [{ ...ann, forS: 1 }] });
  await handle.signal('pause', {});
  await handle.signal('freeze', { ...ann, forS: 1 });
  await handle.executeUpdate('exclude', { args: [{ ...ann, site: 's2', forS: 1 }] });
  await handle.signal('reset-breaker', ann);
  await handle.executeUpdate('resume', { args: [ann] });
  const { runId } = await handle.describe();
  await eventually('it continues', async () => (await handle.describe()).runId !== runId);
  await writeHistory('watch-fleet.continued', await world.client.workflow.getHandle(handle.workflowId, runId).fetchHistory());
  await now('watch-fleet.carried-on', handle);
});

test('a drain', async () => {
  const handle = await start('drainSite', workflowIds.drain('s1'), { site: 's1', ...ann, everyS: 1, forS: 20 });
  await handle.signal('pause', ann);
  await handle.signal('pause', null);
  await handle.executeUpdate('resume', { args: [ann] });
  await ended('drain-site.done', handle);
  await ended(
    'drain-site.undone',
    await start('drainSite', workflowIds.drain('s1'), { site: 's1', ...ann, undo: true, everyS: 1, forS: 20 }),
  );
});

test('profiles', async () => {
  await ended('profile-app.done', await start('profileApp', workflowIds.profile('a7'), { app: 'a7', visitS: 0.3 }));
  Object.assign(world.platform.faults('a8'), { startFails: 'crash loop', startFailsOn: 's1' });
  await ended('profile-app.one-visit-failed', await start('profileApp', workflowIds.profile('a8'), { app: 'a8', visitS: 0.3 }));
  const handle = await start('profileApp', workflowIds.profile('a12'), { app: 'a12', visitS: 60 });
  await inPhase(world, 'a12', 'ready');
  await handle.cancel();
  await ended('profile-app.cancelled', handle);
  await ended('profile-app.refused', await start('profileApp', workflowIds.profile('a2'), { app: 'a2' }));
});

test('models and looks', async () => {
  await world.store.addModel({
    key: 'a13',
    onnxSha256: '0'.repeat(64),
    contract: {},
    contractDigest: '0'.repeat(64),
    servedBy: 'model',
    report: {},
    profileId: 'none',
    createdMs: Date.now(),
  });
  await ended('train-model.promoted', await start('trainModel', workflowIds.train('a13'), { app: 'a13' }));
  await ended('promote-model.promoted', world.client.workflow.getHandle(workflowIds.promote('a13', 1)));
  await ended('promote-model.kept', await start('promoteModel', workflowIds.promote('a13', 2), { key: 'a13', version: 2 }));
  const waiting = async (version: number) => {
    const handle = await start('promoteModel', workflowIds.promote('a13', version), { key: 'a13', version });
    await eventually('it waits', async () => (await handle.query<PromotionState>('state')).phase === 'waiting');
    return handle;
  };
  for (const n of [2, 3, 4])
    await world.store.addModel({
      key: 'a13',
      onnxSha256: String(n).repeat(64),
      contract: {},
      contractDigest: String(n).repeat(64),
      servedBy: 'model',
      report: {},
      profileId: 'none',
      createdMs: Date.now(),
    });
  const approved = await waiting(3);
  await approved.signal('approve', {});
  await approved.executeUpdate('approve', { args: [ann] });
  await ended('promote-model.approved', approved);
  const rejected = await waiting(4);
  await rejected.signal('reject', ann);
  await ended('promote-model.turned-down', rejected);
  await ended('rollback-model.done', await start('rollbackModel', workflowIds.rollback('a13'), { key: 'a13', ...ann }));
  await ended('train-model.too-little', await start('trainModel', workflowIds.train('a9'), { app: 'a9' }));
  tooLittle = false;
  await ended('predict-qos.done', await start('predictQos', 'predict/by-hand'));
  const period = { from: '2026-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' };
  await ended('replay-decisions.done', await start('replayDecisions', workflowIds.replay('all'), period));
  await ended('replay-decisions.refused', await start('replayDecisions', workflowIds.replay('bad'), { ...period, app: '../etc' }));
});

test('drift', async () => {
  const check = () => start('checkDrift', workflowIds.drift);
  await ended('check-drift.none', await check());
  await world.store.addModel({
    key: 'a14',
    onnxSha256: '1'.repeat(64),
    contract: {},
    contractDigest: '1'.repeat(64),
    servedBy: 'model',
    report: {},
    profileId: 'none',
    createdMs: Date.now(),
  });
  drifting = true;
  await ended('check-drift.trained', await check());
  await world.client.workflow.getHandle(workflowIds.train('a14')).result();
});

test('notices', async () => {
  await world.store.enqueue([{ id: 'n', kind: 'drift', atMs: Date.now(), data: {} }]);
  await ended('deliver-notices.done', await start('deliverNotices', workflowIds.notices));
});
