import { lossOf, quantileOf, weightOf } from '../learners/loss.ts';
import type { Loss } from '../learners/loss.ts';
import type { Arena, Place } from './arena.ts';
import { growTree } from './grow.ts';
import type { GrowOptions, Grown, Node } from './grow.ts';
import { boundByDirection } from './monotone.ts';
import type { Tree } from './tree.ts';

/** An additive model in the making. */
export interface Ensemble {
  readonly base: number;
  readonly trees: readonly Tree[];
  addTree(allowed: Uint8Array): void;
  /** Loss over the rows that it does not learn from. */
  heldLoss(): number;
}

export interface EnsembleOptions extends Omit<GrowOptions, 'allowed'> {
  readonly loss: Loss;
  readonly rate: number;
}

export interface Rows {
  readonly learned: Int32Array;
  readonly held: Int32Array;
}

/** Weights are multiples of this, so that sums of weighted gradients are exact too. */
const WEIGHT_STEP = 1 / 16;
/** Gradients of a loss that looks at signs only. */
const SIGN_STEP = 2 ** -20;

/**
 * Starts from the best constant. All gradients and leaf values are multiples of one power of two, chosen so that no sum of them needs more than
 * the 53 bits of a float64: every sum is exact, whatever its order, so that histograms may be subtracted and renewed without a trace.
 */
export function startEnsemble(
  arena: Arena,
  place: Place,
  { y, rows, options }: { y: Float64Array; rows: Rows; options: EnsembleOptions },
): Ensemble {
  const order = Int32Array.from([...rows.learned, ...rows.held]);
  arena.i32.set(order, place.rows >> 2);
  const n = rows.learned.length;
  const alpha = quantileOf(options.loss);
  const base = Math.fround(alpha === undefined ? meanOf(options.loss, y, rows.learned) : quantileAt(alpha, y, rows.learned));
  const learning = { arena, place, rows, y, options, base };
  const steps = alpha === undefined ? squaredSteps(learning) : signSteps(learning, alpha);
  arena.u8.fill(0, place.root, place.root + arena.bytes);
  arena.kernels.add(place.rows, n, arena.at.cells, arena.padded, place.gradient, place.root, arena.at.scratch);
  const trees: Tree[] = [];
  return {
    base,
    trees,
    addTree(allowed) {
      arena.i32.set(order, place.rows >> 2);
      const grown = growTree(arena, place, { n, held: rows.held.length, options: { ...options, allowed } });
      // Values of inner nodes only bound those of leaves.
      const values = grown.nodes.map((node, k) => (grown.tree.feature[k]! < 0 || options.directions ? steps.valueOf(node) : 0));
      const bounded = boundByDirection(grown, values, options.directions);
      const value = grown.tree.feature.map((feature, node) => (feature < 0 ? steps.round(options.rate * bounded[node]!) : 0));
      moveLeaves(grown, value, steps.move);
      trees.push({ ...grown.tree, value });
    },
    heldLoss: () => rows.held.reduce((sum, i) => sum + lossOf(options.loss, steps.predicted(i), y[i]!), 0),
  };
}

interface Learning {
  readonly arena: Arena;
  readonly place: Place;
  readonly rows: Rows;
  readonly y: Float64Array;
  readonly options: EnsembleOptions;
  readonly base: number;
}

/** What differs between losses that are sums of squares and those that look at the sign of a residual. */
interface Steps {
  /** The best value of a node, before the learning rate. */
  valueOf(node: Node): number;
  /** To what a leaf may hold: float32, for ONNX. */
  round(value: number): number;
  /** Moves the predictions of a leaf's rows, and the root histogram with them. */
  move(leaf: Node, by: number): void;
  predicted(row: number): number;
}

function moveLeaves({ tree, nodes }: Grown, value: readonly number[], move: Steps['move']): void {
  tree.feature.forEach((feature, node) => feature < 0 && value[node] !== 0 && move(nodes[node]!, value[node]!));
}

function squaredSteps({ arena, place, rows, y, options, base }: Learning): Steps {
  const { kernels, f64, bytes } = arena;
  const isWeighted = options.loss.kind === 'sla';
  const weights = isWeighted
    ? Float64Array.from(y, (v) => Math.max(1, Math.round(weightOf(options.loss, v) / WEIGHT_STEP)) * WEIGHT_STEP)
    : undefined;
  const step = stepFor(rows.learned, (i) => ({ weight: weights?.[i] ?? 1, error: base - y[i]! }), options.directions !== undefined);
  const round = (value: number): number => Math.fround(Math.round(value / step) * step);
  const at = place.gradient >> 3;
  for (const side of [rows.learned, rows.held]) {
    for (const i of side) {
      const error = Math.round((base - y[i]!) / step) * step;
      if (!weights) f64[at + i] = error;
      else f64.set([error * weights[i]!, weights[i]!], at + 2 * i);
    }
  }
  const moveRows = weights ? kernels.moveWeighted : kernels.move;
  return {
    round,
    valueOf: ({ sum, weight }) => -sum / (weight + options.lambda),
    move(leaf, by) {
      moveRows(leaf.rows, leaf.n, place.gradient, by);
      moveRows(leaf.heldRows, leaf.held, place.gradient, by);
      kernels.moveLeaf(place.root, leaf.histogram, bytes, by);
    },
    predicted: (i) => y[i]! + (weights ? f64[at + 2 * i]! / weights[i]! : f64[at + i]!),
  };
}

/** While squared error falls, no sum of gradients exceeds the root of (sum of weights x weighted squares); three bits are to spare, more where bounds may raise it. */
function stepFor(rows: Int32Array, of: (row: number) => { weight: number; error: number }, isBounded: boolean): number {
  let weights = 0;
  let squares = 0;
  for (const i of rows) {
    const { weight, error } = of(i);
    weights += weight;
    squares += weight * error * error;
  }
  const bound = Math.sqrt(weights * squares);
  return bound > 0 ? 2 ** (Math.ceil(Math.log2(bound)) - (isBounded ? 42 : 46)) : 1;
}

function signSteps({ arena, place, rows, y, base }: Learning, alpha: number): Steps {
  const { kernels, f64, i32, at: memory } = arena;
  const residual = place.residual >> 3;
  const above = Math.round((1 - alpha) / SIGN_STEP) * SIGN_STEP;
  const below = above - 1;
  for (const side of [rows.learned, rows.held]) {
    for (const i of side) {
      f64[residual + i] = y[i]! - base;
      f64[(place.gradient >> 3) + i] = y[i]! - base <= 0 ? above : below;
    }
  }
  const moveRows = (at: number, n: number, by: number): number =>
    kernels.moveSign(at, n, place.residual, place.gradient, by, above, below, memory.flipped);
  return {
    round: Math.fround,
    valueOf: ({ rows: at, n }) => quantileOfRows(arena, place, { at, n, alpha }),
    move(leaf, by) {
      const flipped = moveRows(leaf.rows, leaf.n, by);
      flipInRoot(arena, place, i32.subarray(memory.flipped >> 2, (memory.flipped >> 2) + flipped), above);
      moveRows(leaf.heldRows, leaf.held, by);
    },
    predicted: (i) => y[i]! - f64[residual + i]!,
  };
}

/** The gradient of each of these rows has become `above`, or one less. */
function flipInRoot({ f64, u8, at, padded, size }: Arena, place: Place, rows: Int32Array, above: number): void {
  for (const i of rows) {
    const by = f64[(place.gradient >> 3) + i] === above ? 1 : -1;
    for (let f = 0, cell = place.root >> 3; f < padded; f++, cell += size >> 3) {
      const own = cell + 2 * u8[at.cells + i * padded + f]!;
      f64[own] = f64[own]! + by;
    }
  }
}

/** The quantile between the two nearest residuals, as its distances from them say. */
function quantileOfRows(
  { kernels, f64, at }: Arena,
  place: Place,
  { at: rows, n, alpha }: { at: number; n: number; alpha: number },
): number {
  const wanted = alpha * (n - 1);
  const k = Math.floor(wanted);
  const low = kernels.select(rows, n, place.residual, k, at.spare);
  if (wanted === k) return low;
  let high = Infinity;
  for (let p = (at.spare >> 3) + k + 1; p < (at.spare >> 3) + n; p++) high = Math.min(high, f64[p]!);
  return low + (wanted - k) * (high - low);
}

function meanOf(loss: Loss, y: Float64Array, rows: Int32Array): number {
  let sum = 0;
  let weights = 0;
  for (const i of rows) {
    sum += weightOf(loss, y[i]!) * y[i]!;
    weights += weightOf(loss, y[i]!);
  }
  return sum / weights;
}

function quantileAt(alpha: number, y: Float64Array, rows: Int32Array): number {
  const sorted = Float64Array.from(rows, (i) => y[i]!).sort();
  const wanted = alpha * (sorted.length - 1);
  const low = sorted[Math.floor(wanted)]!;
  return low + (wanted - Math.floor(wanted)) * (sorted[Math.ceil(wanted)]! - low);
}
