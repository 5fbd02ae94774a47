import { ApplicationFailure, CancellationScope, isCancellation, log, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';

import type { ClaimRequest, MoveEnd } from '../domain/records.ts';
import { actuate, rollout, store, undo } from './activity-groups.ts';
import type { MoveTimes } from './controller-state.ts';
import { moveInput } from './inputs.ts';
import { safeText } from './text.ts';

export interface MoveInput {
  readonly decisionId: string;
  readonly app: string;
  readonly from: string;
  readonly to: string;
  readonly origin: ClaimRequest['origin'];
  readonly reason: string;
  readonly by: string;
  readonly predictedGain?: number;
  /** Epoch ms after which the decision is too old to start on. */
  readonly expiresMs: number;
  readonly times: MoveTimes;
}

export interface MoveResult {
  readonly decisionId: string;
  readonly end: MoveEnd;
  readonly why?: string;
  readonly scoreBefore?: number;
  readonly scoreAfter?: number;
  readonly failedRequests?: number;
}

/** One move of one app, a saga with exactly one end: done, reverted, revert-failed; or refused before anything was touched. */
export async function migrateApp(given: MoveInput): Promise<MoveResult> {
  const input = moveInput(given);
  const carriedOut = await carryOut(input);
  const result = await CancellationScope.nonCancellable(() => close(input, carriedOut));
  if (result.end === 'revert-failed') throw ApplicationFailure.nonRetryable(result.why ?? 'the undo failed', 'RevertFailed', result);
  return result;
}

async function carryOut(input: MoveInput): Promise<MoveResult> {
  const undos: (() => Promise<void>)[] = [];
  try {
    const claimed = await store.claimMove(claimOf(input));
    if (!claimed.admitted) return refused(input, claimed.refusal);
    show(input, 'claimed');
    const rechecked = await store.recheckMove({
      decisionId: input.decisionId,
      app: input.app,
      from: input.from,
      to: input.to,
      expiresMs: input.expiresMs,
    });
    if (!rechecked.ok) return refused(input, rechecked.why);
    return await changePlacement(input, rechecked, undos);
  } catch (error) {
    return await CancellationScope.nonCancellable(() => revert(input, undos, error));
  }
}

async function changePlacement(input: MoveInput, rechecked: { scoreBefore?: number }, undos: (() => Promise<void>)[]): Promise<MoveResult> {
  const { decisionId, app, to, times } = input;
  const before = rechecked.scoreBefore === undefined ? {} : { scoreBefore: rechecked.scoreBefore };
  // Before the step that it undoes; without a snapshot, which is stored before the change, there is nothing to go back to and it does nothing.
  undos.push(async () => {
    await undo(times.revertDeadlineS).restorePlacement.executeWithOptions(summary(`${app} back to ${input.from}`), [
      { claimId: decisionId, app },
    ]);
  });
  show(input, 'applying');
  const applied = await actuate.applyMove.executeWithOptions(summary(`snapshot, dry run, apply: ${app} to ${to}`), [
    { claimId: decisionId, changeId: decisionId, app, to },
  ]);
  if (!applied.ok) return { ...refused(input, applied.refusal), ...before };
  show(input, 'waiting until it is ready');
  const ready = await rollout(times.readyDeadlineS).awaitReady.executeWithOptions(summary(`${app} ready on ${to}`), [
    { claimId: decisionId, changeId: decisionId, app, to, deadlineS: times.readyDeadlineS, stableS: times.stableS },
  ]);
  show(input, 'verifying');
  const readyMs = Date.now();
  await sleep(Math.round(times.soakS * 1000), { summary: `soak ${times.soakS} s on ${to}` });
  const after = await store.measureQos({ app, site: to, fromMs: readyMs, toMs: Date.now(), phase: 'verify', claimId: decisionId });
  const scores = {
    ...before,
    ...(after.score !== undefined && { scoreAfter: after.score }),
    ...(ready.failedRequests !== undefined && { failedRequests: ready.failedRequests }),
  };
  const wrong = regress(input, scores);
  if (wrong !== undefined) throw ApplicationFailure.nonRetryable(wrong, 'Regress', scores);
  return { decisionId, end: 'done', ...scores };
}

/** Why a move is undone although the app came up; undefined = it stays. Unknown is not good, unless an operator moved an app that nobody was measuring. */
function regress(
  { origin, times }: MoveInput,
  { scoreBefore, scoreAfter }: { scoreBefore?: number; scoreAfter?: number },
): string | undefined {
  if (scoreAfter === undefined) {
    return scoreBefore === undefined && (origin === 'override' || origin === 'drain')
      ? undefined
      : 'the quality after the move could not be told';
  }
  if (scoreBefore === undefined || scoreAfter >= scoreBefore - times.tolerance) return undefined;
  return `quality fell from ${scoreBefore.toFixed(2)} to ${scoreAfter.toFixed(2)}`;
}

/** Undoes newest first and cannot be cancelled. What cannot be undone is said, and the app is held by its controller. */
async function revert(input: MoveInput, undos: readonly (() => Promise<void>)[], cause: unknown): Promise<MoveResult> {
  const why = reasonOf(cause);
  log.warn('move is undone', { app: input.app, decisionId: input.decisionId, why });
  show(input, `undoing: ${why}`);
  try {
    for (const step of [...undos].reverse()) await step();
  } catch (error) {
    return { decisionId: input.decisionId, end: 'revert-failed', why: `${why}; and the undo failed: ${reasonOf(error)}` };
  }
  return { decisionId: input.decisionId, end: 'reverted', why, ...scoresOf(cause) };
}

/** Records the end and tells the controller. Should that not be possible for long, the claim stays open and the next look finds the move lost. */
async function close(input: MoveInput, result: MoveResult): Promise<MoveResult> {
  const recorded = await store.closeMove({ app: input.app, ...result });
  show(input, recorded.end);
  return { ...result, end: recorded.end };
}

const summary = (text: string) => ({ summary: text.slice(0, 200) });

const refused = (input: MoveInput, why: string): MoveResult => ({ decisionId: input.decisionId, end: 'refused', why });

function claimOf(input: MoveInput): Omit<ClaimRequest, 'nowMs'> {
  const { decisionId, app, from, to, origin, reason, by, predictedGain } = input;
  return {
    decisionId,
    app,
    from,
    to,
    origin,
    reason,
    by,
    workflowId: workflowInfo().workflowId,
    ...(predictedGain !== undefined && { predictedGain }),
  };
}

function show(input: MoveInput, phase: string): void {
  setCurrentDetails(
    [
      `**${safeText(input.app)}**: ${safeText(input.from)} → ${safeText(input.to)}`,
      '',
      `phase: ${safeText(phase, 300)}`,
      '',
      `why: ${safeText(input.reason, 300)}`,
    ].join('\n'),
  );
}

/** The innermost message of a failure: what happened, without the wrapping of activity and workflow. */
export function reasonOf(error: unknown): string {
  let at: unknown = error;
  let text = 'unknown';
  while (at instanceof Error) {
    text = at.message;
    at = at.cause;
  }
  return isCancellation(error) ? 'cancelled' : text.slice(0, 400);
}

function scoresOf(error: unknown): { scoreBefore?: number; scoreAfter?: number; failedRequests?: number } {
  return error instanceof ApplicationFailure && error.type === 'Regress' ? ((error.details?.[0] ?? {}) as { scoreBefore?: number }) : {};
}
