import type { Offsets } from './learners/fitted.ts';

/**
 * Offsets of p10, p50 and p90 from residuals (actual - predicted) on held-out rows, with the finite-sample correction of split conformal
 * prediction: 80 % of exchangeable outcomes lie between the first and the last. The point prediction itself is p50.
 */
export function conformalOffsets(residuals: readonly number[]): Offsets {
  return [Math.min(0, lowest(residuals)), 0, Math.max(0, highest(residuals))];
}

/** The same for a model with quantiles of its own: what to add to its p10 and p90, from the residuals of each. Its p50 stays as it is. */
export function conformalQuantileOffsets({ p10, p90 }: { p10: readonly number[]; p90: readonly number[] }): Offsets {
  return [lowest(p10), 0, highest(p90)];
}

function lowest(residuals: readonly number[]): number {
  const sorted = ascending(residuals);
  return sorted[Math.max(0, Math.floor(0.1 * (sorted.length + 1)) - 1)] ?? 0;
}

function highest(residuals: readonly number[]): number {
  const sorted = ascending(residuals);
  return sorted[Math.min(sorted.length - 1, Math.ceil(0.9 * (sorted.length + 1)) - 1)] ?? 0;
}

function ascending(residuals: readonly number[]): number[] {
  return residuals.filter((r) => Number.isFinite(r)).sort((a, b) => a - b);
}
