import type { Tree } from './tree.ts';

/** Rows that go through a tree together, so that the tree stays in the cache. */
const BLOCK = 64;

/** The sum of the trees for many rows, as the trainer saw it. */
export function openPredictor(
  model: { base: number; trees: readonly Tree[] },
  width: number,
): (rows: Float32Array, n: number) => Float32Array {
  const { roots, feature, threshold, missingLeft, left, value } = flatten(model.trees);
  const sums = new Float64Array(BLOCK);
  return (rows, n) => {
    const out = new Float32Array(n);
    for (let from = 0; from < n; from += BLOCK) {
      const to = Math.min(n, from + BLOCK);
      sums.fill(model.base);
      for (let t = 0; t < roots.length; t++) {
        for (let i = from; i < to; i++) {
          let node = roots[t]!;
          for (let next = left[node]!; next !== node; next = left[node]!) {
            const x = rows[i * width + feature[node]!]!;
            node = x <= threshold[node]! || (x !== x && missingLeft[node] === 1) ? next : next + 1;
          }
          sums[i - from] = sums[i - from]! + value[node]!;
        }
      }
      for (let i = from; i < to; i++) out[i] = sums[i - from]!;
    }
    return out;
  };
}

interface Flat {
  readonly roots: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly missingLeft: Uint8Array;
  /** The right child follows the left one; a leaf points at itself. */
  readonly left: Int32Array;
  readonly value: Float64Array;
}

function flatten(trees: readonly Tree[]): Flat {
  const count = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const flat = {
    roots: new Int32Array(trees.length),
    feature: new Int32Array(count),
    threshold: new Float32Array(count),
    missingLeft: new Uint8Array(count),
    left: new Int32Array(count),
    value: new Float64Array(count),
  };
  let first = 0;
  trees.forEach((tree, t) => {
    flat.roots[t] = first;
    tree.feature.forEach((feature, node) => {
      const at = first + node;
      flat.feature[at] = Math.max(0, feature);
      flat.threshold[at] = tree.threshold[node]!;
      flat.missingLeft[at] = tree.missingLeft[node] ? 1 : 0;
      flat.left[at] = feature < 0 ? at : first + tree.left[node]!;
      flat.value[at] = tree.value[node]!;
    });
    first += tree.feature.length;
  });
  return flat;
}
