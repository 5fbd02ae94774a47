import type { EvidenceRow } from '../domain/records.ts';

/** One outcome of a prediction, all as scores; p10 and p90 as they were served. */
export interface Outcome {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly actual: number;
  readonly targetMs: number;
}

/** Score points by which a miss widens an end, less those by which it narrows at every outcome; at 80 % nominal coverage they balance. */
const STEP = 0.02;
const MISS = 0.1;
/** How far an end may move inwards and outwards: the first bounds how long a change for the worse takes to be seen. */
const INWARDS = -0.1;
const OUTWARDS = 1;
/** Outcomes over which error and coverage are told, once there are so many; older ones fade. */
const MEMORY = 50;

/**
 * What an outcome does to the evidence of one model for one app on one site. Error and coverage are running means; each end of the interval follows
 * the rule of adaptive conformal inference (Gibbs and Candes 2021, per end, on the score): offset += 0.02 x (missed - 0.1), so that over time a tenth
 * of the outcomes lies beyond it, whatever drifts. A miss makes the error greater, and so lowers what the model is trusted with.
 */
export function foldOutcome(row: EvidenceRow, { p10, p50, p90, actual, targetMs }: Outcome): EvidenceRow {
  const weight = Math.max(1 / (row.samples + 1), 1 / MEMORY);
  const toward = (mean: number, value: number): number => (Number.isFinite(mean) ? mean + weight * (value - mean) : value);
  const moved = (offset: number, missed: boolean): number =>
    Math.min(OUTWARDS, Math.max(INWARDS, offset + STEP * ((missed ? 1 : 0) - MISS)));
  return {
    ...row,
    samples: row.samples + 1,
    newestMs: Math.max(row.newestMs, targetMs),
    error: toward(row.error, Math.abs(p50 - actual)),
    coverage: toward(row.coverage, actual >= p10 && actual <= p90 ? 1 : 0),
    live: (row.live ?? 0) + 1,
    low: moved(row.low ?? 0, actual < p10),
    high: moved(row.high ?? 0, actual > p90),
  };
}

/** Moves p10 and p90 of one prediction outwards, in place: never across p50, never out of 0..1. Unknown stays unknown. */
export function adapt(q: Float32Array, at: number, { low = 0, high = 0 }: Pick<EvidenceRow, 'low' | 'high'>): void {
  const p50 = q[at + 1]!;
  q[at] = Math.min(p50, Math.max(0, q[at]! - low));
  q[at + 2] = Math.max(p50, Math.min(1, q[at + 2]! + high));
}
