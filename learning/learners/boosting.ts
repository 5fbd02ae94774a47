import { groupFolds } from '../folds.ts';
import { randomFrom } from '../random.ts';
import { bin } from '../trees/binning.ts';
import type { Binned } from '../trees/binning.ts';
import { growTree } from '../trees/grow.ts';
import type { Grown } from '../trees/grow.ts';
import { treesToGraph, valueIn } from '../trees/tree.ts';
import type { Tree } from '../trees/tree.ts';
import { refuseEmpty } from './learner.ts';
import type { FitOptions, Learner, PointModel, TrainingSet } from './learner.ts';
import { checkLoss, lossName, lossOf, quantileOf, weightOf } from './loss.ts';
import type { Loss } from './loss.ts';

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

/** Histogram gradient boosting; rounds are chosen on held-out visits, at most `rounds`. What is not given depends on the number of rows. */
export function boosting(options: Partial<BoostingOptions> = {}): Learner {
  const loss = options.loss ?? { kind: 'squared' };
  checkLoss(loss);
  return {
    name: loss.kind === 'squared' ? 'boosting' : `boosting (${lossName(loss)})`,
    kind: 'model',
    fit: (set, fit) => fitWithStopping(set, { ...boostingFor(set.n, loss), ...options }, fit),
  };
}

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
  refuseEmpty(set);
  const state = startBoosting(set, options, allRows(set.n), fit.seed);
  // One tree at least: an ensemble without a node is no valid graph.
  do addTree(state);
  while (state.trees.length < options.rounds && !fit.isOver());
  return modelOf(state.base, state.trees, set.names.length);
}

function fitWithStopping(set: TrainingSet, options: BoostingOptions, fit: FitOptions): PointModel {
  refuseEmpty(set);
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
    const loss = all.reduce((sum, i) => sum + lossOf(options.loss, states[folds.of[i]!]!.predicted[i]!, set.y[i]!), 0);
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
  const base = Math.fround(bestConstant({ set, options, predicted: new Float64Array(set.n) }, rows, 0));
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
  for (const i of state.rows) gradient[i] = gradientOf(options.loss, predicted[i]!, set.y[i]!);
  const features = drawFeatures(set.names.length, options.columns, state.random);
  const grown = growTree(state.binned, state.rows, gradient, { ...options, features });
  const tree = { ...grown.tree, value: leafValues(state, grown) };
  state.trees.push(tree);
  for (let i = 0; i < set.n; i++) predicted[i] = predicted[i]! + valueIn(tree, set.rows, i * set.names.length);
}

function leafValues(state: Boosting, grown: Grown): number[] {
  const rows = new Map<number, number[]>(grown.leaves.map((leaf) => [leaf, []]));
  for (const i of state.rows) rows.get(grown.leafOf[i]!)!.push(i);
  return grown.tree.feature.map((_, node) => {
    const own = rows.get(node);
    return own ? Math.fround(state.options.rate * bestConstant(state, own, state.options.lambda)) : 0;
  });
}

/** What best explains the residuals of some rows. */
function bestConstant(
  { set, options, predicted }: Pick<Boosting, 'set' | 'options' | 'predicted'>,
  rows: ArrayLike<number>,
  lambda: number,
) {
  const alpha = quantileOf(options.loss);
  const residuals = Float64Array.from(rows, (i) => set.y[i]! - predicted[i]!);
  if (alpha !== undefined) return residuals.sort()[Math.min(residuals.length - 1, Math.floor(alpha * residuals.length))]!;
  const weights = Float64Array.from(rows, (i) => weightOf(options.loss, set.y[i]!));
  return residuals.reduce((sum, r, k) => sum + weights[k]! * r, 0) / (weights.reduce((sum, w) => sum + w, 0) + lambda);
}

function gradientOf(loss: Loss, predicted: number, actual: number): number {
  const alpha = quantileOf(loss);
  if (alpha === undefined) return weightOf(loss, actual) * (predicted - actual);
  return predicted >= actual ? 1 - alpha : -alpha;
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
