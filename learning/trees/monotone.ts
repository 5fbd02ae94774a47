import type { Grown } from './grow.ts';

/**
 * Holds values of nodes in the order that directions ask for: at a split on such a feature the whole of one side stays below the middle between
 * the two sides' values and the whole of the other above it. Returns the values of leaves; without directions they are as they were.
 */
export function boundByDirection({ tree }: Grown, values: readonly number[], directions: Int8Array | undefined): readonly number[] {
  if (!directions) return values;
  const bounded = [...values];
  const low = values.map(() => -Infinity);
  const high = values.map(() => Infinity);
  const clip = (node: number): number => Math.min(high[node]!, Math.max(low[node]!, values[node]!));
  // Children have higher numbers than their parents.
  tree.feature.forEach((feature, node) => {
    bounded[node] = clip(node);
    if (feature < 0) return;
    const [left, right] = [tree.left[node]!, tree.right[node]!];
    for (const child of [left, right]) {
      low[child] = low[node]!;
      high[child] = high[node]!;
    }
    const direction = directions[feature]!;
    if (direction === 0) return;
    const middle = (clip(left) + clip(right)) / 2;
    const [lower, upper] = direction > 0 ? [left, right] : [right, left];
    high[lower] = Math.min(high[lower]!, middle);
    low[upper] = Math.max(low[upper]!, middle);
  });
  return bounded;
}
