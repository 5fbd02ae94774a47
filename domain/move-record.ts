import type { ClaimRequest, MoveEnd } from './records.ts';

/** One move that has ended, with what had wanted it and what came of it. */
export interface MoveRecord {
  readonly decisionId: string;
  readonly app: string;
  readonly from: string;
  readonly to: string;
  readonly origin: ClaimRequest['origin'];
  readonly end: Exclude<MoveEnd, 'refused'>;
  readonly endedMs: number;
  readonly why?: string;
  /** Score points. */
  readonly predictedGain?: number;
  readonly scoreBefore?: number;
  readonly scoreAfter?: number;
  /** What the site it left would have given over the same time, by the plain rule. */
  readonly scoreIfStayed?: number;
  /** Seconds from the change until the app served from its new site. */
  readonly readyS?: number;
  /** The model or baseline whose prediction made it; absent: an operator, a drain, the plain rule. */
  readonly model?: { readonly key: string; readonly version: number };
}

type Scores = Pick<MoveRecord, 'end' | 'scoreBefore' | 'scoreAfter' | 'scoreIfStayed'>;

/**
 * Score points that a move has gained over staying: a move made ahead of trouble would look useless beside the good time before it. Only where
 * nothing can be told of the site it left, the score just before the move stands for it. A move that was undone before its app had served gained
 * nothing. undefined: could not be told.
 */
export function realisedGain(move: Scores): number | undefined {
  const instead = scoreWithout(move);
  if (instead !== undefined && move.scoreAfter !== undefined) return move.scoreAfter - instead;
  return move.end === 'done' ? undefined : 0;
}

/** What the app would have scored without its move, as far as can be told. */
export function scoreWithout({ scoreBefore, scoreIfStayed }: Pick<Scores, 'scoreBefore' | 'scoreIfStayed'>): number | undefined {
  return scoreIfStayed ?? scoreBefore;
}

/** Least number of moves of an app to a site from which its time to move counts as measured, and how many of the newest are looked at. */
const LEAST_TIMES = 10;
const NEWEST_TIMES = 20;

/** P90 of the seconds from change to service over the newest moves given (newest first); undefined below ten of them: not measured. */
export function timeToMove(moves: readonly Pick<MoveRecord, 'readyS'>[]): number | undefined {
  const times = moves.flatMap(({ readyS }) => (readyS === undefined ? [] : [readyS])).slice(0, NEWEST_TIMES);
  if (times.length < LEAST_TIMES) return undefined;
  return times.sort((a, b) => a - b)[Math.ceil(0.9 * times.length) - 1];
}

/** Median; undefined of nothing. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}
