import type { Loss } from '../../../learning/learners/loss.ts';

export const BENCH_LOSSES = ['squared', 'pinball', 'absolute'] as const;
export type BenchLoss = (typeof BENCH_LOSSES)[number];

/** One training that every trainer does alike. Files hold float32 `[n][width]` and float64 `[n]`. */
export interface Trial {
  readonly rows: string;
  readonly target: string;
  readonly testRows: string;
  readonly testTarget: string;
  readonly width: number;
  readonly loss: BenchLoss;
  readonly rounds: number;
  readonly leaves: number;
  readonly bins: number;
  readonly rate: number;
  readonly minRows: number;
}

export interface TrialResult {
  readonly trainer: string;
  /** User CPU seconds of the process for binning and training. */
  readonly userS: number;
  /** Root mean squared error, mean pinball loss at 0.9 or mean absolute error of rows it has not seen. */
  readonly error: number;
}

export function lossOfTrial(loss: BenchLoss): Loss {
  return loss === 'pinball' ? { kind: 'pinball', alpha: 0.9 } : { kind: loss };
}
