import { condition } from '@temporalio/workflow';

import type { Proposal } from '../domain/decision.ts';
import { store } from './activity-groups.ts';
import { decline, remember, type ControllerState } from './controller-state.ts';
import { readApprovalMessage, untilOf } from './guards.ts';
import type { ApprovalMessage } from './messages.ts';
import { objection } from './objection.ts';
import type { Outcome, Verb } from './operator-verbs.ts';
import { startMove } from './start-move.ts';
import { clock } from './text.ts';

/** Keeps a move until somebody says yes or no, or its time runs out. A newer one takes its place; of the same move the first keeps its time. */
export async function putUp(own: ControllerState, proposal: Proposal): Promise<void> {
  const { decisionId, from, to, gain, reason } = proposal;
  const { seconds } = await store.measuredMove({ app: own.app });
  const nowMs = Date.now();
  const before = own.approval?.from === from && own.approval.to === to ? own.approval : undefined;
  own.approval = {
    decisionId,
    from,
    to,
    gain,
    reason: reason.slice(0, 300),
    sinceMs: before?.sinceMs ?? nowMs,
    expiresMs: before?.expiresMs ?? nowMs + (own.facts?.approvalExpiresS ?? 86_400) * 1000,
    ...(seconds !== undefined && { costS: seconds }),
    ...(before?.approved && { approved: before.approved }),
  };
  own.seq++;
}

/** Somebody has said yes, and the move's time has come. */
export const approvalIsDue = ({ approval }: ControllerState) =>
  approval?.approved !== undefined && (approval.approved.startsMs ?? 0) <= Date.now();

/** Somebody has said yes, and nothing has come of it yet, not even a time to wait for. */
export const isUnanswered = ({ approval }: ControllerState) => approval?.approved !== undefined && approval.approved.startsMs === undefined;

/** A yes is no better than what is known now: everything is looked at again before the move starts, and a stale yes is refused with the reason. */
export async function carryOut(own: ControllerState): Promise<void> {
  const { approval } = own;
  if (!approval?.approved) return;
  const { decisionId, from, to } = approval;
  const again = await store.recheckApproval({ app: own.app, from, to });
  // Rejected meanwhile.
  if (own.approval?.decisionId !== decisionId) return;
  const nowMs = Date.now();
  if (!again.ok && again.opensMs !== undefined && again.opensMs < approval.expiresMs) {
    own.approval = { ...approval, approved: { ...approval.approved, startsMs: again.opensMs } };
    return answer(own, { ok: true, said: `${own.app} waits for its time window, which opens at ${new Date(again.opensMs).toISOString()}` });
  }
  const proposal: Proposal = {
    decisionId,
    app: own.app,
    from,
    to,
    gain: 0,
    verdict: 'move',
    expiresMs: nowMs + 1,
    reason: approval.reason,
  };
  const why = again.ok ? objection(own, { ...proposal, origin: 'approval' }, nowMs) : again.why;
  if (why === undefined && again.ok) {
    await startMove(own, { ...proposal, gain: again.gain, expiresMs: again.expiresMs });
    delete own.approval;
    return answer(own, { ok: true, said: `${own.app} moves from ${from} to ${to}` });
  }
  delete own.approval;
  answer(own, { ok: false, said: `not done: ${why ?? 'unknown'}` });
}

function answer(own: ControllerState, answered: NonNullable<ControllerState['answered']>): void {
  own.answered = answered;
  own.seq++;
  own.stale = true;
  remember(own, `${clock(Date.now())} ${answered.said}`.slice(0, 300));
}

/** What an update waits for: the yes is not the answer, what became of it is. */
export async function whatBecame(own: ControllerState, outcome: Outcome): Promise<Outcome> {
  await condition(() => own.answered !== undefined || own.approval?.approved === undefined);
  if (!own.answered) return outcome;
  return own.answered.ok ? { ok: true, said: own.answered.said } : { ok: false, why: own.answered.said };
}

function notWaiting(own: ControllerState, { decision }: ApprovalMessage): string | undefined {
  if (!own.approval) return `no move of ${own.app} waits for an approval`;
  const { decisionId } = own.approval;
  return decision === undefined || decision === decisionId ? undefined : `${decision} does not wait for an approval; ${decisionId} does`;
}

export const approve: Verb<ApprovalMessage> = {
  read: readApprovalMessage,
  objection(own, message, nowMs) {
    const { approval } = own;
    if (!approval || notWaiting(own, message) !== undefined) return notWaiting(own, message);
    if (untilOf(message, nowMs) !== undefined) return 'an approval has no end of its own; leave out until and forS';
    if (approval.approved) return `${approval.decisionId} is approved already, by ${approval.approved.by}`;
    return objection(own, { ...approval, origin: 'approval' }, nowMs);
  },
  apply(own, { by, reason }) {
    delete own.answered;
    if (own.approval) own.approval = { ...own.approval, approved: { by, reason } };
    return `${own.app}: the move to ${own.approval?.to ?? ''} is approved`;
  },
};

export const reject: Verb<ApprovalMessage> = {
  read: readApprovalMessage,
  objection: (own, message, nowMs) => {
    const untilMs = untilOf(message, nowMs);
    return notWaiting(own, message) ?? (untilMs !== undefined && untilMs <= nowMs ? 'until lies in the past' : undefined);
  },
  apply(own, message, nowMs) {
    const to = own.approval?.to ?? '';
    if (own.approval?.approved) own.answered = { ok: false, said: `not done: rejected by ${message.by}: ${message.reason}` };
    decline(own, nowMs, untilOf(message, nowMs));
    return `${own.app} is not moved to ${to}; it is not asked again before ${new Date(own.declined?.untilMs ?? nowMs).toISOString()}`;
  },
};
