import type { FitOptions, PointModel } from '../learners/learner.ts';
import type { Candidate } from './candidates.ts';
import { fitCandidate } from './candidates.ts';
import type { Planned, Problem, ReadyRows } from './problem.ts';
import type { Fold } from './task-folds.ts';
import { pickRows } from './task-rows.ts';

export interface Backtested {
  /** Candidate -> prediction of every example by a model that was fitted before it; NaN where there is none. */
  readonly predicted: ReadonlyMap<string, Float64Array>;
  /** Spreads by name of every judged example, for intervals in units of how unsure it was. */
  readonly spreads: ReadonlyMap<string, Float64Array>;
  /** Fold in which an example was judged; -1 = in none. */
  readonly fold: Int32Array;
  readonly choices: readonly (readonly string[])[];
}

export interface BacktestRequest<P extends { readonly names: readonly string[] }> {
  readonly problem: Problem<P>;
  readonly folds: readonly Fold[];
  readonly candidates: (planned: Planned<P>, rows: ReadyRows) => readonly Candidate[];
  /** Inputs that tell how unsure a prediction is. */
  readonly spreadsOf: (planned: Planned<P>) => readonly string[];
  /** The most rows a candidate learns from, and is judged by, in a fold. */
  readonly mostRows: number;
  readonly fit: FitOptions;
  readonly onFold: (done: number, of: number) => void;
}

/** Fits every candidate in every fold on what the fold may know, plan and selection included, and predicts the rest. */
export function backtestTask<P extends { readonly names: readonly string[] }>(request: BacktestRequest<P>): Backtested {
  const { problem, folds } = request;
  const predicted = new Map<string, Float64Array>();
  const spreads = new Map<string, Float64Array>();
  const fold = new Int32Array(problem.n).fill(-1);
  const choices: (readonly string[])[] = [];
  const into = (map: Map<string, Float64Array>, name: string): Float64Array => {
    const known = map.get(name) ?? new Float64Array(problem.n).fill(NaN);
    map.set(name, known);
    return known;
  };
  folds.forEach(({ train, test }, k) => {
    const planned = problem.plan(train, request.fit.seed);
    choices.push(planned.selection.chosen);
    const learn = readyOnly(problem.rows(planned.plan, thin(train, request.mostRows)));
    const judged = thin(test, request.mostRows);
    const rows = problem.rows(planned.plan, judged);
    if (learn.n > 0) {
      for (const candidate of request.candidates(planned, learn)) {
        const model = fitCandidate(candidate, learn, request.fit);
        write(into(predicted, candidate.name), judged, model, rows);
      }
      for (const name of request.spreadsOf(planned)) writeInput(into(spreads, name), judged, rows, name);
      for (const i of judged) fold[i] = k;
    }
    request.onFold(k + 1, folds.length);
  });
  return { predicted, spreads, fold, choices };
}

/** Every k-th, so that at most `most` are left. */
export function thin(examples: Int32Array, most: number): Int32Array {
  if (examples.length <= most) return examples;
  return Int32Array.from({ length: most }, (_, i) => examples[Math.floor(((i + 0.5) * examples.length) / most)]!);
}

export function readyOnly(rows: ReadyRows): ReadyRows {
  const kept = Array.from({ length: rows.n }, (_, i) => i).filter((i) => rows.ready[i] === 1);
  if (kept.length === rows.n) return rows;
  return { ...pickRows(rows, kept), ready: new Uint8Array(kept.length).fill(1) };
}

function write(out: Float64Array, examples: Int32Array, model: PointModel, rows: ReadyRows): void {
  const values = model.predict(rows.x, rows.n);
  examples.forEach((example, i) => (out[example] = rows.ready[i] === 1 ? values[i]! : NaN));
}

function writeInput(out: Float64Array, examples: Int32Array, rows: ReadyRows, name: string): void {
  const at = rows.names.indexOf(name);
  examples.forEach((example, i) => (out[example] = at < 0 ? NaN : rows.x[i * rows.names.length + at]!));
}
