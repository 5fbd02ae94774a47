import { MISSING } from './binning.ts';
import type { Binned } from './binning.ts';
import type { Tree } from './tree.ts';

export interface GrowOptions {
  readonly leaves: number;
  readonly minRows: number;
  /** Added to the row count of a leaf in gains: small leaves must show more. */
  readonly lambda: number;
  /** Features that this tree may use. */
  readonly features: readonly number[];
}

export interface Grown {
  readonly tree: Omit<Tree, 'value'>;
  /** Node of the leaf that each row of the tree ended in. */
  readonly leafOf: Int32Array;
  /** Nodes that are leaves. */
  readonly leaves: readonly number[];
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  /** Last bin on the left. */
  readonly cell: number;
  readonly missingLeft: boolean;
}

interface Leaf {
  readonly node: number;
  readonly rows: Int32Array;
  readonly split: Split | undefined;
}

const CELLS = MISSING + 1;

/** Grows one tree leaf by leaf, the greatest gain first, on the rows given. Ties go to the lowest feature, then the lowest bin. */
export function growTree(binned: Binned, rows: Int32Array, gradient: Float64Array, options: GrowOptions): Grown {
  const tree = { feature: [-1], threshold: [0], missingLeft: [false], left: [0], right: [0] };
  let open: Leaf[] = [{ node: 0, rows, split: bestSplit(binned, rows, gradient, options) }];
  while (open.length < options.leaves) {
    const best = open.reduce<Leaf | undefined>((a, b) => (b.split && b.split.gain > (a?.split?.gain ?? 0) ? b : a), undefined);
    if (!best?.split) break;
    const { feature, cell, missingLeft } = best.split;
    const left = tree.feature.length;
    tree.feature[best.node] = feature;
    tree.threshold[best.node] = binned.bounds[feature]![cell] ?? Infinity;
    tree.missingLeft[best.node] = missingLeft;
    tree.left[best.node] = left;
    tree.right[best.node] = left + 1;
    for (const child of [left, left + 1]) {
      tree.feature[child] = -1;
      tree.threshold[child] = 0;
      tree.missingLeft[child] = false;
      tree.left[child] = 0;
      tree.right[child] = 0;
    }
    const goesLeft = (row: number): boolean => {
      const c = binned.cells[feature * binned.n + row]!;
      return c === MISSING ? missingLeft : c <= cell;
    };
    const sides = [best.rows.filter(goesLeft), best.rows.filter((row) => !goesLeft(row))];
    const children = sides.map((side, s) => ({ node: left + s, rows: side, split: bestSplit(binned, side, gradient, options) }));
    open = [...open.filter((leaf) => leaf !== best), ...children];
  }
  const leafOf = new Int32Array(binned.n).fill(-1);
  for (const leaf of open) for (const row of leaf.rows) leafOf[row] = leaf.node;
  return { tree, leafOf, leaves: open.map((leaf) => leaf.node) };
}

function bestSplit(binned: Binned, rows: Int32Array, gradient: Float64Array, options: GrowOptions): Split | undefined {
  if (rows.length < 2 * options.minRows) return undefined;
  let total = 0;
  for (const row of rows) total += gradient[row]!;
  const sums = new Float64Array(CELLS);
  const counts = new Float64Array(CELLS);
  let best: Split | undefined;
  for (const feature of options.features) {
    if (binned.bounds[feature]!.length === 0) continue;
    sums.fill(0);
    counts.fill(0);
    for (const row of rows) {
      const cell = binned.cells[feature * binned.n + row]!;
      sums[cell] = sums[cell]! + gradient[row]!;
      counts[cell] = counts[cell]! + 1;
    }
    best = scan({ sums, counts, total, n: rows.length, bins: binned.bounds[feature]!.length, feature }, options, best);
  }
  return best;
}

interface Histogram {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  readonly total: number;
  readonly n: number;
  readonly bins: number;
  readonly feature: number;
}

function scan(h: Histogram, { minRows, lambda }: GrowOptions, before: Split | undefined): Split | undefined {
  let best = before;
  const whole = (h.total * h.total) / (h.n + lambda);
  for (const missingLeft of h.counts[MISSING]! > 0 ? [false, true] : [false]) {
    let g = missingLeft ? h.sums[MISSING]! : 0;
    let c = missingLeft ? h.counts[MISSING]! : 0;
    for (let cell = 0; cell < h.bins; cell++) {
      g += h.sums[cell]!;
      c += h.counts[cell]!;
      if (c < minRows || h.n - c < minRows) continue;
      const gain = (g * g) / (c + lambda) + (h.total - g) ** 2 / (h.n - c + lambda) - whole;
      if (gain > 1e-12 && gain > (best?.gain ?? 0)) best = { gain, feature: h.feature, cell, missingLeft };
    }
  }
  return best;
}
