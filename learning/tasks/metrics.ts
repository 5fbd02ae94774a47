import { randomFrom } from '../random.ts';
import type { TaskLoss } from './task-schema.ts';

/** Errors of predictions against what happened, in the target's own unit. null = could not be told. */
export interface Metrics {
  readonly rows: number;
  readonly mae: number | null;
  readonly rmse: number | null;
  /** Mean |error| / mean |target|. */
  readonly nmae: number | null;
  /** Median over groups of the NMAE of each; only where there are several. */
  readonly nmaeMedian: number | null;
  /** Mean |error / target| where the target is not 0. */
  readonly mape: number | null;
  readonly r2: number | null;
  /** Mean of predicted - actual where it is above 0, and below, over all rows. */
  readonly over: number | null;
  readonly under: number | null;
}

export interface Judgement {
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
  readonly group: Int32Array;
}

export function metricsOf({ predicted, actual, group }: Judgement): Metrics {
  const n = actual.length;
  const sums = { abs: 0, square: 0, target: 0, plain: 0, ratio: 0, ratios: 0, over: 0, under: 0 };
  for (let i = 0; i < n; i++) {
    const error = predicted[i]! - actual[i]!;
    sums.abs += Math.abs(error);
    sums.square += error * error;
    sums.target += Math.abs(actual[i]!);
    sums.plain += actual[i]!;
    if (actual[i] !== 0) {
      sums.ratio += Math.abs(error / actual[i]!);
      sums.ratios++;
    }
    if (error > 0) sums.over += error;
    else sums.under -= error;
  }
  const mean = sums.plain / n;
  const variance = actual.reduce((sum, y) => sum + (y - mean) ** 2, 0);
  return {
    rows: n,
    mae: figure(sums.abs / n),
    rmse: figure(Math.sqrt(sums.square / n)),
    nmae: figure(sums.abs / sums.target),
    nmaeMedian: figure(medianNmae({ predicted, actual, group })),
    mape: figure(sums.ratio / sums.ratios),
    r2: figure(1 - sums.square / variance),
    over: figure(sums.over / n),
    under: figure(sums.under / n),
  };
}

function medianNmae({ predicted, actual, group }: Judgement): number {
  const sums = new Map<number, { error: number; target: number }>();
  for (let i = 0; i < actual.length; i++) {
    const own = sums.get(group[i]!) ?? { error: 0, target: 0 };
    own.error += Math.abs(predicted[i]! - actual[i]!);
    own.target += Math.abs(actual[i]!);
    sums.set(group[i]!, own);
  }
  if (sums.size < 2) return NaN;
  const all = [...sums.values()].map((s) => s.error / s.target).filter((v) => Number.isFinite(v));
  all.sort((a, b) => a - b);
  return all.length % 2 === 1 ? all[all.length >> 1]! : (all[all.length / 2 - 1]! + all[all.length / 2]!) / 2;
}

/** Loss of each row under a task's loss; its mean is what candidates are compared by. */
export function lossRows(loss: TaskLoss, predicted: Float64Array, actual: Float64Array, better: 'lower' | 'higher'): Float64Array {
  return actual.map((y, i) => {
    const error = predicted[i]! - y;
    if (loss === 'absolute') return Math.abs(error);
    if (loss === 'squared') return error * error;
    return (isBeyond(y, loss.sla.bound, better) ? loss.sla.weight : 1) * error * error;
  });
}

/** A violation of a bound: above it where lower is better, below it where higher is. */
export function isBeyond(value: number, bound: number, better: 'lower' | 'higher'): boolean {
  return better === 'lower' ? value > bound : value < bound;
}

export interface Violations {
  readonly actual: number;
  readonly predicted: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

/** How well predictions tell violations of a bound. */
export function violationsOf(
  predicted: Float64Array,
  actual: Float64Array,
  { bound, better }: { bound: number; better: 'lower' | 'higher' },
): Violations {
  let hit = 0;
  let said = 0;
  let was = 0;
  actual.forEach((y, i) => {
    const p = isBeyond(predicted[i]!, bound, better);
    const a = isBeyond(y, bound, better);
    if (p) said++;
    if (a) was++;
    if (p && a) hit++;
  });
  const precision = hit / said;
  const recall = hit / was;
  return { actual: was, predicted: said, precision: figure(precision), recall: figure(recall), f1: figure((2 * hit) / (said + was)) };
}

/** A figure with its 90 % interval. */
export interface Interval {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

const RESAMPLES = 1000;

/**
 * A ratio of sums with its interval by resampling whole blocks of rows, because neighbours in time are not independent.
 * `top` and `bottom` are sums by block.
 */
export function ratioInterval(top: Float64Array, bottom: Float64Array, seed: number): Interval {
  const blocks = top.length;
  const random = randomFrom(seed);
  const draws = new Float64Array(RESAMPLES);
  for (let r = 0; r < RESAMPLES; r++) {
    let a = 0;
    let b = 0;
    for (let k = 0; k < blocks; k++) {
      const drawn = Math.floor(random() * blocks);
      a += top[drawn]!;
      b += bottom[drawn]!;
    }
    draws[r] = a / b;
  }
  draws.sort();
  const sum = (values: Float64Array): number => values.reduce((s, v) => s + v, 0);
  return {
    value: figure(sum(top) / sum(bottom)),
    low: figure(draws[Math.floor(0.05 * RESAMPLES)]!),
    high: figure(draws[Math.ceil(0.95 * RESAMPLES) - 1]!),
  };
}

/** Sums of `values` by block. */
export function blockSums(values: ArrayLike<number>, block: Int32Array, blocks: number): Float64Array {
  const sums = new Float64Array(blocks);
  for (let i = 0; i < values.length; i++) sums[block[i]!] = sums[block[i]!]! + values[i]!;
  return sums;
}

/** JSON has no NaN: what could not be told is null. */
export function figure(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}
