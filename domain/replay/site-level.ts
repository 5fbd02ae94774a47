import type { Quantiles } from '../decision.ts';
import { newest } from './newest.ts';

/** What one site is expected to have in its next window, by what it had up to now. */
export interface Expectation extends Quantiles {
  /** Mean absolute error of the expectations so far, raised while they are few; NaN before there are two. */
  readonly error: number;
}

export interface SiteLevel {
  /** Takes in the score of the window that has just ended; NaN = unknown. */
  push(score: number): void;
  /** Undefined when the last window is unknown. */
  expectation(): Expectation | undefined;
}

/** Stretches of newest windows that are tried, shortest first. */
const STRETCHES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 288];
/** Newest differences and errors that noise and interval are taken from: a day at five minutes. */
const MEMORY = 288;
/** Half width of the interval of a stretch's mean, in standard errors. */
const AGREE = 2;
/** Median of |difference| of two normal deviates, in standard deviations of one. */
const MEDIAN_OF_DIFFERENCE = 0.954;
/** Errors that weigh as much as what is not known yet: with n errors both error and interval are 1 + FEW / n times as wide. */
const FEW = 8;

/**
 * The level of a site: the mean of the longest stretch of newest windows that agrees with all shorter ones (the intersection of their
 * confidence intervals; Goldenshluger and Nemirovski). After a step it is the last window, in noise it is the mean of many. The width comes
 * from the median of differences, which single spikes do not move; interval and error are those that the level itself had so far.
 */
export function siteLevel(): SiteLevel {
  /** Running sum of the known scores. */
  const sums = [0];
  const differences = newest(MEMORY);
  const errors = newest(MEMORY);
  let [wrong, judged] = [0, 0];
  let last = NaN;
  let before = NaN;
  let level = NaN;
  return {
    push(score) {
      last = score;
      if (Number.isNaN(score)) return;
      if (!Number.isNaN(level)) {
        errors.push(score - level);
        wrong += Math.abs(score - level);
        judged++;
      }
      if (!Number.isNaN(before)) differences.push(Math.abs(score - before));
      before = score;
      sums.push((sums.at(-1) ?? 0) + score);
      level = levelOf(sums, differences.quantile(0.5) / MEDIAN_OF_DIFFERENCE);
    },
    expectation() {
      if (Number.isNaN(last)) return undefined;
      const doubt = 1 + FEW / judged;
      const at = (share: number, bound: typeof Math.min) => clip(level + bound(0, judged === 0 ? 0 : doubt * errors.quantile(share)));
      return { p10: at(0.1, Math.min), p50: clip(level), p90: at(0.9, Math.max), error: errorOf({ wrong, judged }) };
    },
  };
}

/** Mean absolute error, raised while few were judged; NaN of fewer than two. */
export function errorOf({ wrong, judged }: { wrong: number; judged: number }): number {
  return judged < 2 ? NaN : ((1 + FEW / judged) * wrong) / judged;
}

function levelOf(sums: readonly number[], noise: number): number {
  const n = sums.length - 1;
  const total = sums[n] ?? NaN;
  let [low, high] = [-Infinity, Infinity];
  let level = total - (sums[n - 1] ?? NaN);
  for (const stretch of STRETCHES) {
    if (stretch > n) break;
    const mean = (total - (sums[n - stretch] ?? NaN)) / stretch;
    const half = (AGREE * noise) / Math.sqrt(stretch);
    low = Math.max(low, mean - half);
    high = Math.min(high, mean + half);
    // Also false when the noise is not known yet: then the last window is all there is.
    if (!(low <= high)) break;
    level = mean;
  }
  return level;
}

export const clip = (score: number): number => Math.min(1, Math.max(0, score));
