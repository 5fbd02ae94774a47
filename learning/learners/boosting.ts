import { groupFolds } from '../folds.ts';
import { randomFrom } from '../random.ts';
import { bin } from '../trees/binning.ts';
import type { Binned } from '../trees/binning.ts';
import { growTree } from '../trees/grow.ts';
import type { Grown } from '../trees/grow.ts';
import { treesToGraph, valueIn } from '../trees/tree.ts';
import type { Tree } from '../trees/tree.ts';
import type { FitOptions, Learner, PointModel, TrainingSet } from './learner.ts';

/** `pinball` with alpha 0.5 is absolute error. */
export type Loss = { readonly kind: 'squared' } | { readonly kind: 'pinball'; readonly alpha: number };

export interface BoostingOptions {
  readonly loss: Loss;
  readonly rounds: number;
  readonly rate: number;
  readonly leaves: number;
  readonly minRows: number;
  readonly lambda: number;
  /** Bins of a feature, at most 64. */
  readonly bins: number;
  /** Share of the features that each tree may use. */
  readonly columns: number;
}

const INNER_FOLDS = 4;
const PATIENCE = 25;

export const boosting: Learner = {
  name: 'boosting',
  kind: 'model',
  fit: (set, options) => fitWithStopping(set, { kind: 'squared' }, options),
};
export const boostingAbsolute: Learner = {
  name: 'boosting (absolute)',
  kind: 'model',
  fit: (set, options) => fitWithStopping(set, { kind: 'pinball', alpha: 0.5 }, options),
};

/** Settings by size: a short profile gets small trees. */
export function boostingFor(rows: number, loss: Loss): BoostingOptions {
  const small = rows < 1000;
  return {
    loss,
    rounds: small ? 150 : 400,
    rate: 0.08,
    leaves: small ? 5 : 31,
    minRows: small ? 6 : 20,
    lambda: small ? 2 : 0.5,
    bins: small ? 24 : 64,
    columns: 0.5,
  };
}

/** Gradient boosting on histograms with a fixed number of rounds. The same set, options and seed give the same trees. */
export function fitBoosting(set: TrainingSet, options: BoostingOptions, fit: FitOptions): PointModel {
  const state = startBoosting(set, options, allRows(set.n), fit.seed);
  // One tree at least: an ensemble without a node is no valid graph.
  do addTree(state);
  while (state.trees.length < options.rounds && !fit.isOver());
  return modelOf(state.base, state.trees, set.names.length);
}

function fitWithStopping(set: TrainingSet, loss: Loss, fit: FitOptions): PointModel {
  const options = boostingFor(set.n, loss);
  return fitBoosting(set, { ...options, rounds: chooseRounds(set, options, fit) }, fit);
}

/** Rounds with the least loss over held-out visits, all folds growing side by side; it ends when nothing has improved for a while. */
function chooseRounds(set: TrainingSet, options: BoostingOptions, fit: FitOptions): number {
  const folds = groupFolds(set.visit, INNER_FOLDS);
  if (folds.count < 2) return Math.ceil(options.rounds / 4);
  const all = allRows(set.n);
  const states = Array.from({ length: folds.count }, (_, fold) =>
    startBoosting(
      set,
      options,
      all.filter((i) => folds.of[i] !== fold),
      fit.seed,
    ),
  );
  let best = { round: 1, loss: Infinity };
  for (let round = 1; round <= options.rounds && round <= best.round + PATIENCE && !fit.isOver(); round++) {
    states.forEach(addTree);
    const loss = all.reduce((sum, i) => sum + lossOf(options.loss, states[folds.of[i]!]!.predicted[i]! - set.y[i]!), 0);
    if (loss < best.loss) best = { round, loss };
  }
  return best.round;
}

interface Boosting {
  readonly set: TrainingSet;
  readonly options: BoostingOptions;
  readonly binned: Binned;
  /** Rows it learns from; the others are only predicted. */
  readonly rows: Int32Array;
  readonly random: () => number;
  readonly base: number;
  readonly trees: Tree[];
  readonly predicted: Float64Array;
  readonly gradient: Float64Array;
}

function startBoosting(set: TrainingSet, options: BoostingOptions, rows: Int32Array, seed: number): Boosting {
  const base = Math.fround(
    bestConstant(
      options.loss,
      Array.from(rows, (i) => set.y[i]!),
      0,
    ),
  );
  return {
    set,
    options,
    rows,
    base,
    binned: bin({ rows: set.rows, n: set.n, width: set.names.length }, options.bins),
    random: randomFrom(seed),
    trees: [],
    predicted: new Float64Array(set.n).fill(base),
    gradient: new Float64Array(set.n),
  };
}

function addTree(state: Boosting): void {
  const { set, options, predicted, gradient } = state;
  for (const i of state.rows) gradient[i] = gradientOf(options.loss, predicted[i]! - set.y[i]!);
  const features = drawFeatures(set.names.length, options.columns, state.random);
  const grown = growTree(state.binned, state.rows, gradient, { ...options, features });
  const tree = { ...grown.tree, value: leafValues(state, grown) };
  state.trees.push(tree);
  for (let i = 0; i < set.n; i++) predicted[i] = predicted[i]! + valueIn(tree, set.rows, i * set.names.length);
}

function leafValues({ set, options, rows, predicted }: Boosting, grown: Grown): number[] {
  const residuals = new Map<number, number[]>(grown.leaves.map((leaf) => [leaf, []]));
  for (const i of rows) residuals.get(grown.leafOf[i]!)!.push(set.y[i]! - predicted[i]!);
  return grown.tree.feature.map((_, node) => {
    const own = residuals.get(node);
    return own ? Math.fround(options.rate * bestConstant(options.loss, own, options.lambda)) : 0;
  });
}

function bestConstant(loss: Loss, values: number[], lambda: number): number {
  if (loss.kind === 'squared') return values.reduce((sum, v) => sum + v, 0) / (values.length + lambda);
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(loss.alpha * values.length))]!;
}

function gradientOf(loss: Loss, error: number): number {
  if (loss.kind === 'squared') return error;
  return error >= 0 ? 1 - loss.alpha : -loss.alpha;
}

function lossOf(loss: Loss, error: number): number {
  if (loss.kind === 'squared') return error * error;
  return error >= 0 ? (1 - loss.alpha) * error : -loss.alpha * error;
}

function drawFeatures(width: number, share: number, random: () => number): number[] {
  const all = Array.from({ length: width }, (_, f) => f);
  const wanted = Math.max(1, Math.round(width * share));
  for (let i = 0; i < wanted; i++) {
    const j = i + Math.floor(random() * (width - i));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all.slice(0, wanted).sort((a, b) => a - b);
}

function allRows(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}

function modelOf(base: number, trees: readonly Tree[], width: number): PointModel {
  return {
    about: { rounds: trees.length },
    predict: (rows, n) =>
      Float32Array.from({ length: n }, (_, i) => trees.reduce((sum, tree) => sum + valueIn(tree, rows, i * width), base)),
    toGraph: (graph, input) => treesToGraph(graph, input, { base, trees }),
  };
}
