import type { FitOptions, PointModel } from '../learners/learner.ts';
import { contractMetadata } from '../onnx/metadata.ts';
import { chooseBand } from './band.ts';
import type { ChosenBand } from './band.ts';
import { fitAverage, fitCandidate } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import type { Effort } from './effort.ts';
import { importancesOf } from './importances.ts';
import type { Importance } from './importances.ts';
import { judgeCandidates } from './judge-candidates.ts';
import type { Judged } from './judge-candidates.ts';
import type { Planned, Problem, ReadyRows } from './problem.ts';
import { readyOnly, backtestTask, thin } from './task-backtest.ts';
import type { Backtested } from './task-backtest.ts';
import { BadInput } from './table.ts';
import type { TaskContract } from './task-contract.ts';
import { rollingFolds, groupedFolds, splitOf } from './task-folds.ts';
import type { Fold } from './task-folds.ts';
import { servedToOnnx } from './task-model.ts';
import type { ServedModel } from './task-model.ts';
import type { Task } from './task-schema.ts';

/** What differs between forecasts and regressions. */
export interface Kind<P extends { readonly names: readonly string[] }> {
  readonly problem: Problem<P>;
  baselines(planned: Planned<P>): Candidate[];
  models(planned: Planned<P>, rows: ReadyRows): Candidate[];
  spreadsOf(planned: Planned<P>): string[];
  /** The smallest plan that a candidate can be served with. */
  planFor(plan: P, candidate: Candidate): P;
  /** Horizon + longest lag, in milliseconds. */
  gapMs(plan: P): number;
  contract(plan: P, learner: string): TaskContract;
}

export interface FitInput<P extends { readonly names: readonly string[] }> {
  readonly task: Task;
  readonly kind: Kind<P>;
  readonly seed: number;
  readonly effort: Effort;
  readonly isOver: () => boolean;
  readonly onProgress: (stage: 'backtest' | 'fit', done: number, of: number) => void;
}

export interface Evaluated<P> {
  readonly judged: Judged;
  readonly test: Backtested;
  readonly folds: readonly Fold[];
  readonly gapMs: number;
  readonly split: 'time' | 'groups';
  readonly inputs: number;
  readonly timeMs: Float64Array;
  readonly actual: Float64Array;
  readonly group: Int32Array;
  /** Plan from everything there is. */
  readonly planned: Planned<P>;
}

export interface FittedTask<P> extends Evaluated<P> {
  readonly onnx: Uint8Array;
  readonly contract: TaskContract;
  readonly served: ServedModel;
  readonly servedBy: 'model' | 'baseline';
  readonly servedName: string;
  readonly band: ChosenBand;
  /** Examples that the flags of `band` are about. */
  readonly bandRows: Int32Array;
  readonly about: PointModel['about'];
  readonly importances: readonly Importance[];
  /** Predictions of what serves on the judged rows. */
  readonly predicted: Float64Array;
}

/** The rolling, or grouped, backtest of every candidate. Throws BadInput when there is nothing to learn from. */
export function evaluateTask<P extends { readonly names: readonly string[] }>(input: FitInput<P>): Evaluated<P> {
  const { task, kind, seed, effort } = input;
  const { problem } = kind;
  const all = Int32Array.from({ length: problem.n }, (_, i) => i);
  if (problem.n === 0)
    throw new BadInput([
      `nothing to learn from: no row has a known ${task.target.column}${task.kind === 'forecast' ? ' one horizon later' : ''}`,
    ]);
  const planned = problem.plan(all, seed);
  if (planned.plan.names.length === 0)
    throw new BadInput(['nothing to learn from: no input column is left; every one is constant, mostly missing or excepted']);
  const gapMs = kind.gapMs(planned.plan);
  const folds =
    splitOf(task) === 'time'
      ? rollingFolds({ ...problem, gapMs, folds: effort.folds })
      : groupedFolds({ ...problem, folds: effort.folds + 1, seed });
  const fit: FitOptions = { seed, isOver: input.isOver };
  const known = new Map<string, Candidate>();
  const test = backtestTask({
    problem,
    folds,
    candidates(planned, rows) {
      const candidates = [...kind.baselines(planned), ...kind.models(planned, rows)];
      for (const c of candidates) known.set(c.name, c);
      return candidates;
    },
    spreadsOf: (p) => kind.spreadsOf(p),
    mostRows: effort.mostRows,
    fit,
    onFold: (done, of) => input.onProgress('backtest', done, of),
  });
  const judged = judgeCandidates({
    task,
    actual: problem.y,
    group: problem.group,
    timeMs: problem.timeMs,
    test,
    known: [...known.values()],
    seed,
  });
  const { timeMs, group, y: actual } = problem;
  return { judged, test, folds, gapMs, split: splitOf(task), inputs: planned.plan.names.length, timeMs, actual, group, planned };
}

/** Backtests, chooses, fits what was chosen on everything and puts a band around it. */
export function fitTask<P extends { readonly names: readonly string[] }>(input: FitInput<P>): FittedTask<P> {
  const evaluated = evaluateTask(input);
  const { kind, seed, effort } = input;
  const { judged, planned } = evaluated;
  const { problem } = kind;
  const all = Int32Array.from({ length: problem.n }, (_, i) => i);
  const rowsAll = problem.rows(planned.plan, thin(all, effort.mostFinalRows));
  const { servedBy, candidates } = candidatesToServe(judged, [...kind.baselines(planned), ...kind.models(planned, rowsAll)]);
  const names = candidates.map((c) => c.name);
  const plan = servedBy === 'model' ? planned.plan : kind.planFor(planned.plan, candidates[0]!);
  const ready = readyOnly(servedBy === 'model' ? rowsAll : problem.rows(plan, thin(all, effort.mostFinalRows)));
  if (ready.n === 0) throw new BadInput(['nothing to learn from: in every row some input is missing for longer than maxGap']);
  input.onProgress('fit', 0, 1);
  // Never cut short: its work is bounded by the effort, and a model of a few trees in the place of the one that was judged would be worse than late.
  const fit: FitOptions = { seed, isOver: () => false };
  const point = servedBy === 'model' ? fitAverage(candidates, ready, fit) : fitCandidate(candidates[0]!, ready, fit);
  input.onProgress('fit', 1, 1);
  const predicted = meanOfPredictions(evaluated.test, names, problem.n);
  const { band, bandRows } = bandFor(input, evaluated, { predicted, point, ready, inputs: plan.names });
  const least = ready.y.reduce((a, b) => Math.min(a, b), Infinity) >= 0 ? { least: 0 } : {};
  const served: ServedModel = { point, band: band.band, names: plan.names, ...least };
  const servedName = servedBy === 'model' && names.length > 1 ? `mean of ${names.join(', ')}` : names[0]!;
  const contract = kind.contract(plan, servedName);
  return {
    ...evaluated,
    onnx: servedToOnnx(served, contractMetadata(contract)),
    contract,
    served,
    servedBy,
    servedName,
    band,
    bandRows,
    about: point.about,
    importances: servedBy === 'model' ? importancesOf(point, ready, seed) : [],
    predicted,
  };
}

/** What was chosen, as far as all of the data offers it too: a season, or a logarithm, of some folds may not be one of the whole. */
function candidatesToServe(
  { verdict, bestModel, candidates: reports }: Judged,
  offered: readonly Candidate[],
): { servedBy: 'model' | 'baseline'; candidates: Candidate[] } {
  const models = offered.filter((c) => bestModel?.includes(c.name));
  if (verdict === 'skill' && models.length > 0) return { servedBy: 'model', candidates: models };
  const ranked = [...reports].sort((a, b) => a.loss - b.loss).flatMap(({ name }) => offered.filter((c) => c.name === name));
  const baselines = [...ranked, ...offered.filter((c) => c.name === 'overall median')].filter((c) => c.kind === 'baseline');
  return { servedBy: 'baseline', candidates: baselines.slice(0, 1) };
}

function meanOfPredictions(test: Backtested, names: readonly string[], n: number): Float64Array {
  const all = names.map((name) => test.predicted.get(name) ?? new Float64Array(n).fill(NaN));
  return Float64Array.from({ length: n }, (_, i) => all.reduce((sum, p) => sum + p[i]!, 0) / all.length);
}

/** The band from what was judged; from the fit's own errors where nothing could be held out. */
function bandFor<P extends { readonly names: readonly string[] }>(
  { kind, task }: FitInput<P>,
  { test }: Evaluated<P>,
  { predicted, point, ready, inputs }: { predicted: Float64Array; point: PointModel; ready: ReadyRows; inputs: readonly string[] },
): { band: ChosenBand; bandRows: Int32Array } {
  const { problem } = kind;
  const rows = Int32Array.from({ length: problem.n }, (_, i) => i).filter((i) => Number.isFinite(predicted[i]!));
  const at = (values: Float64Array): Float64Array => Float64Array.from(rows, (i) => values[i]!);
  if (rows.length < 10) {
    const own = Float64Array.from(point.predict(ready.x, ready.n));
    const band = chooseBand({ predicted: own, actual: ready.y, spreads: new Map(), fold: new Int32Array(ready.n) }, 'groups');
    return { band: { ...band, judged: new Uint8Array(0), covered: new Uint8Array(0), below: [] }, bandRows: new Int32Array(0) };
  }
  const spreads = new Map([...test.spreads].filter(([name]) => inputs.includes(name)).map(([name, values]) => [name, at(values)]));
  const fold = Int32Array.from(rows, (i) => test.fold[i]!);
  return { band: chooseBand({ predicted: at(predicted), actual: at(problem.y), spreads, fold }, splitOf(task)), bandRows: rows };
}
