import type { Decision } from './decision.ts';
import type { PastDecision } from './records.ts';

/**
 * A recommendation that the look before made already, between the same sites: its app has been told. One that was only wanted then, and
 * waited to be sustained or for a cooldown, is news now.
 */
export function isStanding(decision: Pick<Decision, 'verdict' | 'from' | 'to'>, before: PastDecision | undefined): boolean {
  return decision.verdict === 'recommend' && before?.verdict === 'recommend' && before.from === decision.from && before.to === decision.to;
}
