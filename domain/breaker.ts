import type { Config } from './config.ts';
import type { MoveEnd } from './records.ts';

/** How the newest moves of the fleet ended, and whether that is bad enough to stop them all. */
export interface BreakerState {
  readonly open: boolean;
  /** Moves that count: the last so many that ended within the time and since the last reset. */
  readonly moves: number;
  readonly reverts: number;
  readonly limit: number;
}

export interface EndedMove {
  readonly end: MoveEnd;
  readonly endedMs: number;
  readonly why?: string;
}

/**
 * Open while more than `rate` of the last moves were undone, of at least `least`. It closes when bad moves are older than `within` or pushed
 * out by an operator's reset; a refused move touched nothing, and one that was cancelled says nothing about how well berth decides.
 */
export function breakerOf(ends: readonly EndedMove[], rule: Config['breaker'], { nowMs, resetMs }: { nowMs: number; resetMs?: number }) {
  const sinceMs = Math.max(nowMs - rule.within * 1000, resetMs ?? -Infinity);
  const counted = ends
    .filter((m) => m.end !== 'refused' && m.why !== 'cancelled' && m.endedMs > sinceMs)
    .sort((a, b) => b.endedMs - a.endedMs)
    .slice(0, rule.last);
  const reverts = counted.filter((m) => m.end !== 'done').length;
  const open = counted.length >= rule.least && reverts > rule.rate * counted.length;
  return { open, moves: counted.length, reverts, limit: rule.rate } satisfies BreakerState;
}

export function breakerSentence({ moves, reverts, limit }: BreakerState): string {
  return `the breaker is open: ${reverts} of the last ${moves} moves were undone, at most ${limit} of them may be`;
}
