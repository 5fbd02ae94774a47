import { ApplicationFailure, cancellationSignal, heartbeat } from '@temporalio/activity';
import { setTimeout as wait } from 'node:timers/promises';

import { isEnabled } from '../domain/enabled.ts';
import type { Claim, Said } from '../domain/records.ts';
import { beating } from './beating.ts';
import type { ActuateDeps } from './deps.ts';

export interface ChangeInput {
  /** The open claim that entitles to this change. */
  readonly claimId: string;
  /** What makes the change itself unique; a move has one, a profile one per visit. */
  readonly changeId: string;
  readonly app: string;
  readonly to: string;
}

type Prepared = { readonly ok: true } | { readonly ok: false; readonly refusal: string };
interface Applied {
  readonly applied: boolean;
  readonly generation: number;
}

const POLL_MS = 100;

/** The effects of a move on the cluster, each entitled by an open claim, each safe to run twice. */
export const placementActivities = (deps: ActuateDeps) => ({
  prepareMove: async (input: Omit<ChangeInput, 'changeId'>): Promise<Prepared> => await beating(() => prepare(deps, input)),

  applyChange: async (input: ChangeInput): Promise<Applied> => await beating(() => apply(deps, input)),

  /**
   * Both in one step. An attempt that finds the change begun does not ask again whether it would be taken: what an earlier one began would be
   * the objection, and what is begun must not be called refused.
   */
  applyMove: async (input: ChangeInput): Promise<Prepared> => await beating(() => prepareAndApply(deps, input)),

  /** Until the app has served from the target, and only from there, for `stableS` seconds. Heartbeats; stops when cancelled. */
  async awaitReady(input: ChangeInput & { deadlineS: number; stableS: number }): Promise<{ failedRequests?: number; waitedS: number }> {
    const { claimId, changeId, app, to } = input;
    await entitled(deps, { claimId, app, changes: false });
    await deps.store.claimPhase(claimId, 'ready', deps.clock());
    const began = deps.clock();
    let since: number | undefined;
    for (;;) {
      const state = await deps.actuator.ready({ app, to, decisionId: changeId });
      const now = deps.clock();
      if (state.failed !== undefined) throw ApplicationFailure.nonRetryable(`${app} did not come up on ${to}: ${state.failed}`, 'NotReady');
      since = state.ready ? (since ?? now) : undefined;
      if (since !== undefined && now - since >= input.stableS * 1000) {
        // From here on it served, so this is how long the move has taken.
        await deps.store.claimPhase(claimId, 'serving', since);
        return { ...(state.report && { failedRequests: state.report.failedRequests }), waitedS: (now - began) / 1000 };
      }
      if (now - began > input.deadlineS * 1000)
        throw ApplicationFailure.nonRetryable(`${app} was not ready on ${to} within ${input.deadlineS} s`, 'NotReady');
      heartbeat({ waitedS: (now - began) / 1000, ready: state.ready });
      await wait(POLL_MS, undefined, { signal: cancellationSignal() });
    }
  },

  /** Back to the stored original, and proof of it. Without a snapshot, or before a change was begun, nothing had been touched. */
  async restorePlacement({ claimId, app }: { claimId: string; app: string }): Promise<{ restored: boolean }> {
    const claim = await entitled(deps, { claimId, app, changes: false });
    if (!claim.snapshot || !claim.phases.some(({ phase }) => phase === 'apply')) return { restored: false };
    await deps.store.claimPhase(claimId, 'restore', deps.clock());
    const { snapshot } = claim;
    const answer = await deps.actuator.restore(snapshot, `${claimId}/undo`);
    for (;;) {
      const state = await deps.actuator.observe(app);
      if (state.site === snapshot.site && state.ready && state.busy === undefined) return { restored: answer.restored };
      if (state.stoppedByOwner !== undefined) return { restored: answer.restored };
      heartbeat({ site: state.site ?? 'unknown', ready: state.ready });
      await wait(POLL_MS, undefined, { signal: cancellationSignal() });
    }
  },
});

async function prepareAndApply(deps: ActuateDeps, input: ChangeInput): Promise<Prepared> {
  const claim = await entitled(deps, { ...input, changes: true });
  if (!claim.phases.some(({ phase }) => phase === 'apply')) {
    const prepared = await prepare(deps, input);
    if (!prepared.ok) return prepared;
  }
  await apply(deps, input);
  return { ok: true };
}

/** Stores the original before anything is touched, then asks whether the change would be taken. */
async function prepare(deps: ActuateDeps, { claimId, app, to }: Omit<ChangeInput, 'changeId'>): Promise<Prepared> {
  await entitled(deps, { claimId, app, changes: true });
  await deps.store.claimPhase(claimId, 'snapshot', deps.clock());
  await deps.store.saveSnapshot(claimId, await deps.actuator.snapshot(app));
  await deps.store.claimPhase(claimId, 'dry-run', deps.clock());
  return await deps.actuator.dryRun({ app, to, decisionId: claimId });
}

async function apply(deps: ActuateDeps, { claimId, changeId, app, to }: ChangeInput): Promise<Applied> {
  const claim = await entitled(deps, { claimId, app, changes: true });
  if (!claim.snapshot)
    throw ApplicationFailure.nonRetryable(`claim ${claimId} has no snapshot, so its change could not be undone`, 'NoOpenClaim');
  await deps.store.claimPhase(claimId, 'apply', deps.clock());
  return await deps.actuator.apply({ app, to, decisionId: changeId });
}

/** An effect needs an open claim of this app, the actuator's own allow-list, and, if it changes something, nobody who forbids it. */
async function entitled(deps: ActuateDeps, need: { claimId: string; app: string; changes: boolean }): Promise<Claim> {
  const { store } = deps;
  const claim = await store.claim(need.claimId);
  if (!claim || claim.app !== need.app) throw ApplicationFailure.nonRetryable(`no claim ${need.claimId} of ${need.app}`, 'NoOpenClaim');
  if (claim.end !== undefined) throw ApplicationFailure.nonRetryable(`claim ${need.claimId} has ended: ${claim.end}`, 'NoOpenClaim');
  const applied = await store.config();
  const spec = applied?.config.apps[need.app];
  if (!spec || (deps.allowed && !deps.allowed.has(need.app)))
    throw ApplicationFailure.nonRetryable(`this actuator may not touch ${need.app}`, 'NotPermitted');
  if (!need.changes) return claim;
  const [controller, fleet] = [await store.controller(need.app), await store.fleet()];
  if (controller?.held !== undefined) throw ApplicationFailure.nonRetryable(`${need.app} is held: ${controller.held}`, 'NotPermitted');
  // A move under way may finish where the policy says so; a profile is many changes, and a pause ends it.
  const stops = claim.origin === 'profile' || applied.config.policies[spec.policy]?.onPause === 'revert';
  const holds = (said: Said | undefined) => said !== undefined && (said.untilMs === undefined || said.untilMs > deps.clock());
  const paused = [controller?.pause, fleet?.pause].find(holds);
  const said = paused ?? [controller?.frozen, fleet?.frozen].find(holds);
  if (stops && !isEnabled(applied.config, need.app)) throw ApplicationFailure.nonRetryable(`${need.app} was turned off`, 'NotPermitted');
  if (said && stops) throw ApplicationFailure.nonRetryable(`${paused ? 'paused' : 'frozen'} by ${said.by}: ${said.reason}`, 'NotPermitted');
  return claim;
}
