import type { Offsets } from './learners/fitted.ts';

/**
 * Offsets of p10, p50 and p90 from residuals (actual - predicted) on held-out rows, with the finite-sample correction of split conformal
 * prediction: 80 % of exchangeable outcomes lie between the first and the last. The point prediction itself is p50.
 */
export function conformalOffsets(residuals: readonly number[]): Offsets {
  const sorted = residuals.filter((r) => Number.isFinite(r)).sort((a, b) => a - b);
  if (sorted.length === 0) return [0, 0, 0];
  const low = sorted[Math.max(0, Math.floor(0.1 * (sorted.length + 1)) - 1)]!;
  const high = sorted[Math.min(sorted.length - 1, Math.ceil(0.9 * (sorted.length + 1)) - 1)]!;
  return [Math.min(0, low), 0, Math.max(0, high)];
}
