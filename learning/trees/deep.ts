import type { Arena, Place } from './arena.ts';
import { noteSplit, splitNode, stump, totals } from './grow.ts';
import type { Node } from './grow.ts';
import { bestSplit } from './split.ts';
import type { SplitRules } from './split.ts';
import type { Tree } from './tree.ts';

/** Histograms that `growDeep` needs at a time: the smaller side goes first, and it halves each time. */
export function histogramsFor(rows: number): number {
  return Math.ceil(Math.log2(rows + 1)) + 3;
}

/** Grows a tree until no split gains, on the first `n` rows listed in `place`, whose root histogram is ready; leaves hold the mean. `rules` are asked before each split. */
export function growDeep(arena: Arena, place: Place, { n, rules }: { n: number; rules: () => SplitRules }): Tree {
  const { pool } = arena.at;
  const free = Array.from({ length: histogramsFor(n) }, (_, k) => pool + k * arena.bytes);
  const tree = stump();
  const value = [0];
  const first = { histogram: free.pop()!, rows: place.rows, n, heldRows: 0, held: 0, ...totals(arena, place.root) };
  arena.u8.copyWithin(first.histogram, place.root, place.root + arena.bytes);
  const open: { node: number; at: Node }[] = [{ node: 0, at: { ...first, split: bestSplit(arena, first, rules()) } }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, at } = next;
    if (!at.split) {
      value[node] = -at.sum / at.weight;
      free.push(at.histogram);
      continue;
    }
    const [left, right] = splitNode(arena, place, { node: at, free: free.pop()!, options: rules() });
    const sides = [
      { node: value.length, at: left },
      { node: value.length + 1, at: right },
    ];
    noteSplit(tree, { node, left: value.length, split: at.split, arena });
    value.push(0, 0);
    open.push(...(left.n > right.n ? sides : sides.reverse()));
  }
  return { ...tree, value };
}
