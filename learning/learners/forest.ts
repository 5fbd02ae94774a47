import { randomFrom } from '../random.ts';
import { openArena } from '../trees/arena.ts';
import type { Arena } from '../trees/arena.ts';
import { growDeep, histogramsFor } from '../trees/deep.ts';
import { drawColumns } from '../trees/draw.ts';
import type { KernelKind } from '../trees/kernels/kernels.ts';
import { openPredictor } from '../trees/predict.ts';
import { treesToGraph } from '../trees/tree.ts';
import type { Tree } from '../trees/tree.ts';
import { refuseEmpty } from './learner.ts';
import type { FitOptions, Learner, PointModel, TrainingSet } from './learner.ts';

export interface ForestOptions {
  readonly trees: number;
  /** Fewest rows in a leaf. */
  readonly minRows: number;
  /** Share of the features that each split may use. */
  readonly columns: number;
  /** Bins of a feature, at most 256. */
  readonly bins: number;
  readonly kernels?: KernelKind;
}

/** The mean of deep trees, each on its own draw of the rows with replacement. */
export function forest(options: Partial<ForestOptions> = {}): Learner {
  return { name: 'forest', kind: 'model', fit: (set, fit) => fitForest(set, { ...forestFor(set.n), ...options }, fit) };
}

/** Down to single rows where they are few; above, leaves grow with the rows, so that the model stays of a size to serve. */
export function forestFor(rows: number): ForestOptions {
  return { trees: 100, minRows: Math.ceil(rows / 4000), columns: 1, bins: 256 };
}

/** Ends early, with one tree at least, when time is over. Throws RangeError for a set without rows. */
export function fitForest(set: TrainingSet, options: ForestOptions, fit: FitOptions): PointModel {
  refuseEmpty(set);
  const matrix = { rows: set.rows, n: set.n, width: set.names.length };
  const kernels = options.kernels ?? 'wasm';
  const arena = openArena(matrix, {
    bins: options.bins,
    histograms: histogramsFor(set.n),
    places: 1,
    isWeighted: true,
    isSign: false,
    kernels,
  });
  const random = randomFrom(fit.seed);
  const base = Math.fround(set.y.reduce((sum, y) => sum + y, 0) / set.n);
  const errors = roundedErrors(set.y, base);
  const draw = drawColumns(matrix.width, options.columns, random);
  const grown: Tree[] = [];
  do {
    const n = drawRows(arena, errors, random);
    grown.push(growDeep(arena, arena.places[0]!, { n, rules: () => ({ minRows: options.minRows, lambda: 0, allowed: draw() }) }));
  } while (grown.length < options.trees && !fit.isOver());
  const trees = grown.map((tree) => ({ ...tree, value: tree.value.map((v) => Math.fround(v / grown.length)) }));
  return {
    about: { trees: trees.length },
    predict: openPredictor({ base, trees }, matrix.width),
    toGraph: (graph, input) => treesToGraph(graph, input, { base, trees }),
  };
}

/** Multiples of one power of two, so that every sum of them is exact. */
function roundedErrors(y: Float64Array, base: number): Float64Array {
  const sum = y.reduce((a, v) => a + Math.abs(base - v), 0);
  // A row may be drawn a few times: eight bits to spare.
  const step = sum > 0 ? 2 ** (Math.ceil(Math.log2(sum)) - 44) : 1;
  return y.map((v) => Math.round((base - v) / step) * step);
}

/** Writes a draw of as many rows as there are, each row once with its weight, and the histogram of all. Returns the different rows. */
function drawRows(arena: Arena, errors: Float64Array, random: () => number): number {
  const place = arena.places[0]!;
  const times = new Uint32Array(arena.n);
  for (let k = 0; k < arena.n; k++) times[Math.floor(random() * arena.n)]!++;
  let n = 0;
  for (let i = 0; i < arena.n; i++) {
    if (times[i] === 0) continue;
    arena.i32[(place.rows >> 2) + n++] = i;
    const at = (place.gradient >> 3) + 2 * i;
    arena.f64[at] = errors[i]! * times[i]!;
    arena.f64[at + 1] = times[i]!;
  }
  arena.u8.fill(0, place.root, place.root + arena.bytes);
  arena.kernels.add(place.rows, n, arena.at.cells, arena.padded, place.gradient, place.root, arena.at.scratch);
  return n;
}
