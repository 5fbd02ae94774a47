import type { Decision } from './decision.ts';
import type { ControllerRow, PastDecision } from './records.ts';

/**
 * A recommendation that the look before made already, between the same sites: its app has been told. One that was only wanted then, and
 * waited to be sustained or for a cooldown, is news now.
 */
export function isStanding(decision: Pick<Decision, 'verdict' | 'from' | 'to'>, before: PastDecision | undefined): boolean {
  return decision.verdict === 'recommend' && before?.verdict === 'recommend' && before.from === decision.from && before.to === decision.to;
}

/** Whether a move that wants an approval has to be put up: it is not waiting already, and was not declined a short time ago. */
export function isUnasked(
  decision: Pick<Decision, 'from' | 'to'>,
  controller: Pick<ControllerRow, 'approval' | 'declined'> | undefined,
  nowMs: number,
): boolean {
  const { approval, declined } = controller ?? {};
  if (declined?.to === decision.to && declined?.untilMs !== undefined && declined.untilMs > nowMs) return false;
  return approval?.to !== decision.to || approval?.from !== decision.from || approval === undefined;
}
