import type { Snapshot } from '../../domain/records.ts';
import type { Actuator, Change, Observation } from '../ports.ts';
import type { Access } from './access.ts';
import { Turns, withFreshLooks } from './attempts.ts';
import { recordNow, stepFor, undoFor } from './change.ts';
import type { KubeClient } from './client.ts';
import { KubernetesFailure } from './failure.ts';
import { refusalOf } from './feasibility.ts';
import { capture, sameValue } from './pin.ts';
import { paced } from './pace.ts';
import { readinessOf } from './readiness.ts';
import { decisionOf } from './record.ts';
import { Refusal } from './refusal.ts';
import { busyWith, readSituation, servingSite, stoppedByOwner, type Situation } from './situation.ts';
import type { KubernetesSpec } from './spec.ts';
import { readView } from './view.ts';
import { write } from './write.ts';
import { isReady } from './workload.ts';

/** Moves workloads by one field of their template that only berth sets, and takes it back. One effective write per move, one per undo. */
export function kubernetesActuator(access: Access): Actuator {
  const turns = new Turns();
  const pace = paced(500);
  return {
    observe: async (app) => observationOf(await look(access, app)),
    snapshot: async (app) => snapshotOf(await look(access, app)),
    dryRun: (change) => dryRun(access, change),
    apply: (change) => turns.take(change.app, () => withFreshLooks((tried) => applyOnce(access, change, tried))),
    async ready(change) {
      await pace(`${change.app} ${change.decisionId}`);
      const { situation, spec } = await look(access, change.app);
      return readinessOf(change, situation, spec);
    },
    restore: (snapshot, decisionId) =>
      turns.take(snapshot.app, () => withFreshLooks((tried) => restoreOnce(access, { snapshot, decisionId, tried }))),
  };
}

interface Look {
  readonly client: KubeClient;
  readonly spec: KubernetesSpec;
  readonly situation: Situation;
}

async function look(access: Access, app: string): Promise<Look> {
  const { client, spec } = await access();
  return { client, spec, situation: await readSituation(client, spec, app) };
}

function observationOf({ situation, spec }: Look): Observation {
  const { app, workload, pods } = situation;
  const site = servingSite(situation, spec.sites);
  const busy = busyWith(situation, spec, { autoscalers: [] });
  const stopped = stoppedByOwner(situation);
  const decisionId = decisionOf(workload);
  return {
    app,
    ready: pods.some(isReady),
    generation: situation.record?.writes ?? 0,
    ...(site !== undefined && { site }),
    ...(busy !== undefined && { busy }),
    ...(stopped !== undefined && { stoppedByOwner: stopped }),
    ...(decisionId !== undefined && { decisionId }),
  };
}

function snapshotOf({ situation, spec }: Look): Snapshot {
  const { app } = situation;
  const site = servingSite(situation, spec.sites);
  if (site === undefined) throw new Refusal('Busy', `where ${app} runs could not be told, so it could not be put back`);
  return { app, site, generation: situation.record?.writes ?? 0, original: recordNow(situation).origin };
}

/** berth's own judgement with its reason, then the API server's with all that it admits by. */
async function dryRun(access: Access, change: Change): Promise<{ ok: true } | { ok: false; refusal: string }> {
  const { client, spec, situation } = await look(access, change.app);
  const view = await readView(client, new Map([[change.app, situation.at]]));
  const refusal = busyWith(situation, spec, view) ?? refusalOf(change.app, change.to, { spec, view });
  if (refusal !== undefined) return { ok: false, refusal: `${change.to}: ${refusal}` };
  try {
    return await withFreshLooks(async () => {
      const fresh = await readSituation(client, spec, change.app);
      const step = stepFor(change, fresh, spec);
      if (step.kind === 'known') return { ok: true };
      const { record } = step.write;
      const answer = await write(client, spec, fresh, { ...step.write, dryRun: true });
      const admitted = capture(answer, fresh.at, record.origin.field).value;
      if (!step.moves || sameValue(admitted, record.value)) return { ok: true };
      return { ok: false, refusal: `the cluster rewrites its placement (${record.origin.field}), so a move would not come out as asked` };
    });
  } catch (error) {
    if (error instanceof KubernetesFailure && error.kind === 'NotPermitted')
      return { ok: false, refusal: `not permitted: ${error.message}` };
    if (error instanceof Refusal || (error instanceof KubernetesFailure && error.kind === 'BadInput'))
      return { ok: false, refusal: error.message };
    throw error;
  }
}

async function applyOnce(access: Access, change: Change, tried: boolean): Promise<{ applied: boolean; generation: number }> {
  const { client, spec, situation } = await look(access, change.app);
  const generation = situation.record?.writes ?? 0;
  const step = stepFor(change, situation, spec);
  // Its first try got through, and only the answer was lost.
  if (step.kind === 'known') return { applied: tried, generation };
  await write(client, spec, situation, step.write);
  return { applied: step.moves, generation: step.write.record.writes };
}

async function restoreOnce(
  access: Access,
  { snapshot, decisionId, tried }: { snapshot: Snapshot; decisionId: string; tried: boolean },
): Promise<{ restored: boolean; generation: number }> {
  const { client, spec, situation } = await look(access, snapshot.app);
  const generation = situation.record?.writes ?? 0;
  const undo = undoFor(snapshot, decisionId, { situation, spec });
  if (!undo) return { restored: tried, generation };
  await write(client, spec, situation, undo.write);
  return { restored: undo.restores, generation: undo.write.record.writes };
}
