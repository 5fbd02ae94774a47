import type { Arena, Place } from './arena.ts';
import { bestSplit } from './split.ts';
import type { Split, SplitRules } from './split.ts';
import type { Tree } from './tree.ts';

export interface GrowOptions extends SplitRules {
  readonly leaves: number;
}

/** A node with the rows in it: those it learns from, and those only predicted. */
export interface Node {
  /** Byte offset of its first row, and how many. */
  readonly rows: number;
  readonly n: number;
  readonly heldRows: number;
  readonly held: number;
  readonly sum: number;
  readonly weight: number;
  /** Byte offset of its histogram; only a leaf still has one. */
  readonly histogram: number;
  readonly split: Split | undefined;
}

export interface Grown {
  readonly tree: Omit<Tree, 'value'>;
  /** By their number in the tree. */
  readonly nodes: readonly Node[];
}

/**
 * Grows one tree leaf by leaf, the greatest gain first, on the first `n` rows listed in `place`; `held` more behind them only follow. The histogram
 * of every leaf is built, the last ones too, for `place.root` is renewed from them.
 */
export function growTree(arena: Arena, place: Place, { n, held, options }: { n: number; held: number; options: GrowOptions }): Grown {
  const { pool } = arena.at;
  const first = { histogram: pool, rows: place.rows, n, heldRows: place.rows + 4 * n, held, ...totals(arena, place.root) };
  arena.u8.copyWithin(pool, place.root, place.root + arena.bytes);
  const nodes: Node[] = [{ ...first, split: bestSplit(arena, first, options) }];
  const tree = stump();
  const open = [0];
  while (open.length < options.leaves) {
    const at = indexOfBest(open, nodes);
    if (at < 0) break;
    const [node] = open.splice(at, 1);
    const left = nodes.length;
    const free = pool + (open.length + 1) * arena.bytes;
    nodes.push(...splitNode(arena, place, { node: nodes[node!]!, free, options }));
    noteSplit(tree, { node: node!, left, split: nodes[node!]!.split!, arena });
    open.push(left, left + 1);
  }
  return { tree, nodes };
}

export function totals({ f64, size }: Arena, root: number): { sum: number; weight: number } {
  let sum = 0;
  let weight = 0;
  for (let at = root >> 3; at < (root + size) >> 3; at += 2) {
    sum += f64[at]!;
    weight += f64[at + 1]!;
  }
  return { sum, weight };
}

/** A tree of one leaf. */
export function stump(): Shape {
  return { feature: [-1], threshold: [0], missingLeft: [false], left: [0], right: [0] };
}

function indexOfBest(open: readonly number[], nodes: readonly Node[]): number {
  let best = -1;
  let gain = 0;
  for (let k = 0; k < open.length; k++) {
    const own = nodes[open[k]!]!.split?.gain ?? 0;
    if (own > gain) {
      gain = own;
      best = k;
    }
  }
  return best;
}

/** Parts a node's rows. The smaller side's histogram is built at `free`, the other is what it leaves of the parent's. */
export function splitNode(
  arena: Arena,
  place: Place,
  { node, free, options }: { node: Node; free: number; options: SplitRules },
): readonly [Node, Node] {
  const { kernels, at, bytes } = arena;
  const split = node.split!;
  const part = partitioner(arena, split);
  const n = part(node.rows, node.n);
  const held = part(node.heldRows, node.held);
  const isLeftSmaller = 2 * n <= node.n;
  const [small, smallN] = isLeftSmaller ? [node.rows, n] : [node.rows + 4 * n, node.n - n];
  arena.u8.fill(0, free, free + bytes);
  kernels.add(small, smallN, at.cells, arena.padded, place.gradient, free, at.scratch);
  kernels.subtract(node.histogram, free, bytes);
  const child = (side: Omit<Node, 'split'>): Node => ({ ...side, split: bestSplit(arena, side, options) });
  const { sum, weight } = split.left;
  const [leftAt, rightAt] = isLeftSmaller ? [free, node.histogram] : [node.histogram, free];
  return [
    child({ rows: node.rows, n, heldRows: node.heldRows, held, sum, weight, histogram: leftAt }),
    child({
      rows: node.rows + 4 * n,
      n: node.n - n,
      heldRows: node.heldRows + 4 * held,
      held: node.held - held,
      sum: node.sum - sum,
      weight: node.weight - weight,
      histogram: rightAt,
    }),
  ];
}

function partitioner({ kernels, at, u8, n, bounds }: Arena, { feature, bin, missingLeft }: Split): (rows: number, count: number) => number {
  u8.fill(0, at.table, at.table + 256);
  u8.fill(4, at.table, at.table + bin + 1);
  if (missingLeft) u8[at.table + bounds[feature]!.length + 1] = 4;
  return (rows, count) => (count === 0 ? 0 : kernels.partition(rows, count, at.columns + feature * n, at.table, at.spare));
}

export type Shape = { readonly [K in 'feature' | 'threshold' | 'left' | 'right']: number[] } & { readonly missingLeft: boolean[] };

export function noteSplit(tree: Shape, { node, left, split, arena }: { node: number; left: number; split: Split; arena: Arena }): void {
  tree.feature[node] = split.feature;
  // The last bin of values on the left: all values go left and only missing ones right.
  tree.threshold[node] = arena.bounds[split.feature]![split.bin] ?? Infinity;
  tree.missingLeft[node] = split.missingLeft;
  tree.left[node] = left;
  tree.right[node] = left + 1;
  tree.feature.push(-1, -1);
  tree.threshold.push(0, 0);
  tree.missingLeft.push(false, false);
  tree.left.push(0, 0);
  tree.right.push(0, 0);
}
