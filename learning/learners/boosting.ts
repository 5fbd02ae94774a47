import { groupFolds } from '../folds.ts';
import { randomFrom } from '../random.ts';
import { openArena } from '../trees/arena.ts';
import type { Arena } from '../trees/arena.ts';
import { drawColumns } from '../trees/draw.ts';
import { startEnsemble } from '../trees/ensemble.ts';
import type { Ensemble, Rows } from '../trees/ensemble.ts';
import type { KernelKind } from '../trees/kernels/kernels.ts';
import { treesToGraph } from '../trees/tree.ts';
import { openPredictor } from '../trees/predict.ts';
import { refuseEmpty } from './learner.ts';
import type { FitOptions, Learner, PointModel, TrainingSet } from './learner.ts';
import { checkLoss, lossName, quantileOf } from './loss.ts';
import type { Loss } from './loss.ts';

export interface BoostingOptions {
  readonly loss: Loss;
  readonly rounds: number;
  readonly rate: number;
  readonly leaves: number;
  /** Fewest rows in a leaf, each counted with its weight. */
  readonly minRows: number;
  readonly lambda: number;
  /** Bins of a feature, at most 256; up to 64 training is faster. */
  readonly bins: number;
  /** Share of the features that each tree may use. */
  readonly columns: number;
  /** Feature -> 1 where the prediction may not fall as it grows, -1 where it may not rise. */
  readonly monotone?: Readonly<Record<string, 1 | -1>>;
  /** `js` does without WebAssembly; the model is the same, bit by bit. */
  readonly kernels?: KernelKind;
}

const INNER_FOLDS = 4;
const PATIENCE = 25;
/** Above so many rows one fold tells as much as four. */
const MANY_ROWS = 50_000;

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
  return fitAll(openFor(set, options, 1), { set, options, fit, rounds: options.rounds });
}

function fitWithStopping(set: TrainingSet, options: BoostingOptions, fit: FitOptions): PointModel {
  refuseEmpty(set);
  const folds = groupFolds(set.visit, INNER_FOLDS);
  const held = folds.count < 2 ? 0 : set.n > MANY_ROWS ? 1 : folds.count;
  const arena = openFor(set, options, Math.max(1, held));
  const work = { set, options, fit };
  const splits = Array.from({ length: held }, (_, fold): Rows => {
    const is = (i: number): boolean => folds.of[i] === fold;
    return { learned: allRows(set.n).filter((i) => !is(i)), held: allRows(set.n).filter(is) };
  });
  const rounds = held === 0 ? Math.ceil(options.rounds / 4) : chooseRounds(arena, work, splits);
  return fitAll(arena, { ...work, rounds });
}

interface Work {
  readonly set: TrainingSet;
  readonly options: BoostingOptions;
  readonly fit: FitOptions;
}

/** Rounds with the least loss over held-out visits, all folds growing side by side; it ends when nothing has improved for a while. */
function chooseRounds(arena: Arena, { set, options, fit }: Work, splits: readonly Rows[]): number {
  const ensembles = splits.map((rows, place) => start(arena, place, { set, options, rows }));
  const draws = splits.map(() => columnsFrom(set, options, fit.seed));
  let best = { round: 1, loss: Infinity };
  for (let round = 1; round <= options.rounds && round <= best.round + PATIENCE && !fit.isOver(); round++) {
    ensembles.forEach((ensemble, k) => ensemble.addTree(draws[k]!()));
    const loss = ensembles.reduce((sum, ensemble) => sum + ensemble.heldLoss(), 0);
    if (loss < best.loss) best = { round, loss };
  }
  return best.round;
}

function fitAll(arena: Arena, { set, options, fit, rounds }: Work & { rounds: number }): PointModel {
  const ensemble = start(arena, 0, { set, options, rows: { learned: allRows(set.n), held: new Int32Array() } });
  const draw = columnsFrom(set, options, fit.seed);
  // One tree at least: an ensemble without a node is no valid graph.
  do ensemble.addTree(draw());
  while (ensemble.trees.length < rounds && !fit.isOver());
  const model = { base: ensemble.base, trees: ensemble.trees };
  return {
    about: { rounds: model.trees.length },
    predict: openPredictor(model, set.names.length),
    toGraph: (graph, input) => treesToGraph(graph, input, model),
  };
}

function openFor(set: TrainingSet, options: BoostingOptions, places: number): Arena {
  return openArena(
    { rows: set.rows, n: set.n, width: set.names.length },
    {
      bins: options.bins,
      histograms: options.leaves + 1,
      places,
      isWeighted: options.loss.kind === 'sla',
      isSign: quantileOf(options.loss) !== undefined,
      kernels: options.kernels ?? 'wasm',
    },
  );
}

function start(arena: Arena, place: number, { set, options, rows }: { set: TrainingSet; options: BoostingOptions; rows: Rows }): Ensemble {
  const { monotone, ...rest } = options;
  const unknown = Object.keys(monotone ?? {}).filter((name) => !set.names.includes(name));
  if (unknown.length > 0) throw new RangeError(`monotone: there is no feature ${unknown.join(', ')}`);
  const directions = monotone && { directions: Int8Array.from(set.names, (name) => monotone[name] ?? 0) };
  return startEnsemble(arena, arena.places[place]!, { y: set.y, rows, options: { ...rest, ...directions } });
}

/** Which features each tree in turn may use. */
function columnsFrom(set: TrainingSet, options: BoostingOptions, seed: number): () => Uint8Array {
  return drawColumns(set.names.length, options.columns, randomFrom(seed));
}

function allRows(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}
