import type { TaskRows } from './task-rows.ts';

/** Rows of a plan with, for each, whether everything the plan needs was known. */
export interface ReadyRows extends TaskRows {
  readonly ready: Uint8Array;
}

/** Why a series was chosen, for the report. */
export interface Selection {
  readonly chosen: readonly string[];
  readonly offered: number;
  /** Likeness of the choices on resampled rows; 1 = always the same. */
  readonly stability: number;
}

export interface Planned<P> {
  readonly plan: P;
  readonly selection: Selection;
  /** Figures for the report: a season that was found. */
  readonly about: Readonly<Record<string, number | string>>;
}

/** A task's data as examples that can be split, whatever its kind. Example i is the i-th in `timeMs`. */
export interface Problem<P> {
  readonly n: number;
  /** Epoch ms of the target; the row number where the task knows no time. */
  readonly timeMs: Float64Array;
  readonly y: Float64Array;
  readonly group: Int32Array;
  readonly groups: readonly string[];
  /** What the inputs of a model are, chosen from these examples alone. */
  plan(train: Int32Array, seed: number): Planned<P>;
  rows(plan: P, examples: Int32Array): ReadyRows;
}
