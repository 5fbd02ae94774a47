import type { GraphBuilder } from '../onnx/graph.ts';

/** `log`: the target is positive and spread over a wide range, so learners see its logarithm and errors are ratios. */
export type Scale = 'linear' | 'log';

/** What a learner learns from. */
export interface TrainingSet {
  readonly names: readonly string[];
  readonly n: number;
  /** `[n][names]`, NaN = missing. */
  readonly rows: Float32Array;
  /** The target on `scale`. */
  readonly y: Float64Array;
  readonly scale: Scale;
  /** Rows of one visit belong together: inner validation never splits one. */
  readonly visit: Int32Array;
}

export interface FitOptions {
  readonly seed: number;
  /** True once the time budget is spent: finish with what there is. */
  readonly isOver: () => boolean;
}

/** A learned function of a row, on the scale it learned on. NaN = cannot tell. */
export interface PointModel {
  predict(rows: Float32Array, n: number): Float32Array;
  /** Adds itself to a graph; returns the name of its output [N, 1]. */
  toGraph(graph: GraphBuilder, input: string): string;
  /** Plain JSON for the report. */
  readonly about: Readonly<Record<string, number | string>>;
}

/** Learned p10, p50 and p90 of a row, on the scale it learned on, as they come: uncalibrated, and they may cross. `finishQuantiles` mends both. */
export interface QuantileModel {
  /** `[n][3]` */
  predict(rows: Float32Array, n: number): Float32Array;
  /** Adds itself to a graph; returns the names of its outputs p10, p50 and p90, each [N, 1]. */
  toGraph(graph: GraphBuilder, input: string): readonly [string, string, string];
  readonly about: Readonly<Record<string, number | string>>;
}

export interface Learner {
  readonly name: string;
  readonly kind: 'model' | 'baseline';
  /** The point prediction. Throws RangeError for a set without rows. */
  fit(set: TrainingSet, options: FitOptions): PointModel;
  /** Learners that know quantiles of their own; its p50 is what `fit` gives. Absent: a band is put around the point prediction. */
  fitQuantiles?(set: TrainingSet, options: FitOptions): QuantileModel;
}

/** Throws RangeError for a set that nothing can be learned from. */
export function refuseEmpty({ n, names }: TrainingSet): void {
  if (n === 0) throw new RangeError('nothing to learn from: the training set has no rows');
  if (names.length === 0) throw new RangeError('nothing to learn from: the training set has no features');
}

export function toScale(scale: Scale, value: number): number {
  return scale === 'log' ? Math.log(value) : value;
}

export function fromScale(scale: Scale, value: number): number {
  return scale === 'log' ? Math.exp(value) : value;
}
