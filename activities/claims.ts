import { log } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';

import type { ClaimAnswer, ClaimRequest, MoveEnd } from '../domain/records.ts';
import type { MoveEnded } from '../workflows/messages.ts';
import type { MoveInput } from '../workflows/migrate-app.ts';
import { QUEUE, workflowIds } from '../workflows/queues.ts';
import type { ControlDeps } from './deps.ts';
import { observedScore } from './observed-score.ts';
import { scoreIfStayed } from './score-if-stayed.ts';
import { tell } from './tell-controller.ts';

export interface RecheckInput {
  readonly decisionId: string;
  readonly app: string;
  readonly from: string;
  readonly to: string;
  readonly expiresMs: number;
}
export type Rechecked = { readonly ok: true; readonly scoreBefore?: number } | { readonly ok: false; readonly why: string };

export interface MeasureInput {
  readonly claimId: string;
  readonly app: string;
  readonly site: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly phase: string;
}

export interface EndInput {
  readonly decisionId: string;
  readonly end: MoveEnd;
  readonly why?: string;
  readonly scoreBefore?: number;
  readonly scoreAfter?: number;
  readonly failedRequests?: number;
}

interface Ended {
  readonly end: MoveEnd;
  readonly to: string;
  readonly why?: string;
}

export type MoveState =
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly end: MoveEnd; readonly to?: string; readonly why?: string }
  | { readonly kind: 'lost' };

/** Seconds before a move over which the quality is measured that the move is judged against; at least two steps of the telemetry. */
const BEFORE_S = 10;
const BEFORE_STEPS = 2;

/** Admission and bookkeeping of moves. */
export const claimActivities = ({ store, cluster, client, clock, meter }: ControlDeps) => ({
  /** Starts the workflow of a move, once per decision; `started` is false when there was one already, also if it has ended. */
  async startMove({ move, timeoutS }: { move: MoveInput; timeoutS: number }): Promise<{ started: boolean }> {
    const { app, from, to } = move;
    try {
      await client.workflow.start('migrateApp', {
        workflowId: workflowIds.move(app, move.decisionId),
        taskQueue: QUEUE.control,
        args: [move],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowExecutionTimeout: `${Math.ceil(timeoutS)} seconds`,
        typedSearchAttributes: [
          { key: { name: 'BerthApp', type: 'KEYWORD' }, value: app },
          { key: { name: 'BerthSite', type: 'KEYWORD' }, value: to },
        ],
        staticSummary: `${app}: ${from} to ${to}`,
      });
      return { started: true };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return { started: false };
      throw error;
    }
  },

  /** Admits a move under the budgets, or says why not. The same decision twice is one claim. */
  async claimMove(request: Omit<ClaimRequest, 'nowMs'>): Promise<{ admitted: true } | { admitted: false; refusal: string }> {
    const answer: ClaimAnswer = await store.claimMove({ ...request, nowMs: clock() });
    return answer.admitted ? { admitted: true } : { admitted: false, refusal: answer.refusal };
  },

  /** Is the world still as the decision saw it? An earlier attempt of this very move may have applied its change already: that is no objection. */
  async recheckMove(input: RecheckInput): Promise<Rechecked> {
    await store.claimPhase(input.decisionId, 'recheck', clock());
    if (input.expiresMs <= clock()) return { ok: false, why: 'the decision is too old' };
    const [placement] = await cluster.placements([input.app]);
    if (placement?.site === undefined) return { ok: false, why: 'where the app runs could not be told' };
    if (placement.site !== input.from) return { ok: false, why: `the app is on ${placement.site}, not on ${input.from}` };
    if (placement.busy !== undefined) return { ok: false, why: `the workload is busy: ${placement.busy}` };
    const refusal = (await cluster.feasibility([input.app])).find((r) => r.app === input.app && r.site === input.to);
    if (refusal) return { ok: false, why: `${input.to} cannot take it: ${refusal.refusal}` };
    const stepS = (await store.config())?.config.telemetry.step ?? 0;
    const toMs = clock();
    const before = await observedScore(store, {
      app: input.app,
      site: input.from,
      fromMs: toMs - Math.max(BEFORE_S, BEFORE_STEPS * stepS) * 1000,
      toMs,
    });
    return { ok: true, ...(before !== undefined && { scoreBefore: before }) };
  },

  /** Observed score of an app while it was on a site; absent = could not be told. */
  async measureQos(input: MeasureInput): Promise<{ score?: number }> {
    await store.claimPhase(input.claimId, input.phase, clock());
    const [score, stayed] = await Promise.all([observedScore(store, input), ifStayed(store, input)]);
    if (stayed !== undefined) await store.noteIfStayed(input.claimId, stayed);
    return score === undefined ? {} : { score };
  },

  endMove: async (ended: EndInput): Promise<Ended> => await recordEnd({ store, clock, ...(meter && { meter }) }, ended),

  /** Records how a move ended and tells its controller, which asks if it is not told. In one step, because this is where a move ends anyway. */
  async closeMove({ app, ...ended }: EndInput & { app: string }): Promise<Ended> {
    const recorded = await recordEnd({ store, clock, ...(meter && { meter }) }, ended);
    const { decisionId, why } = ended;
    const message: MoveEnded = { decisionId, end: recorded.end, ...(why !== undefined && { why: why.slice(0, 500) }) };
    try {
      await client.workflow.getHandle(workflowIds.controller(app)).signal('moveEnded', message);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      log.warn('there is no controller to tell', { app, decisionId });
    }
    return recorded;
  },

  /** Tells a controller, started where there is none, how a change that was not its move has ended. */
  async tellController({ app, ...ended }: { app: string; decisionId: string; end: MoveEnd; why: string }): Promise<void> {
    await tell(client, app, 'moveEnded', ended);
  },

  /** What became of a move whose end was not heard. */
  async askMove({ app, decisionId }: { app: string; decisionId: string }): Promise<MoveState> {
    const first = await store.claim(decisionId);
    const running = await isRunning(client, first?.workflowId ?? workflowIds.move(app, decisionId));
    // Read again: a move that ended in between has recorded its end before its workflow was over.
    const claim = running ? first : await store.claim(decisionId);
    if (claim && claim.app !== app) return { kind: 'ended', end: 'refused', why: `it is a move of ${claim.app}` };
    if (claim?.end !== undefined)
      return { kind: 'ended', end: claim.end, to: claim.to, ...(claim.why !== undefined && { why: claim.why }) };
    if (running) return { kind: 'running' };
    return claim ? { kind: 'lost' } : { kind: 'ended', end: 'refused', why: 'it was never admitted' };
  },
});

async function ifStayed(store: ControlDeps['store'], { claimId, app, site, ...time }: MeasureInput): Promise<number | undefined> {
  const claim = await store.claim(claimId);
  return claim && (await scoreIfStayed(store, { app, from: claim.from, to: site, ...time }));
}

/** Records how a move ended; the first end stands. A move that was never admitted has nothing to record. */
async function recordEnd(
  { store, clock, meter }: Pick<ControlDeps, 'store' | 'clock' | 'meter'>,
  { decisionId, ...end }: EndInput,
): Promise<Ended> {
  const open = await store.claim(decisionId);
  if (!open) return { end: end.end === 'reverted' ? 'refused' : end.end, to: '', ...(end.why !== undefined && { why: end.why }) };
  const claim = await store.endClaim(decisionId, { ...end, atMs: clock() });
  if (open.end === undefined) meter?.moveEnded(claim);
  return { end: claim.end ?? end.end, to: claim.to, ...(claim.why !== undefined && { why: claim.why }) };
}

/** Whether a workflow of that id is running now. Errors other than "there is none" are the caller's. */
export async function isRunning(client: ControlDeps['client'], workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
