/** Which fold each row is in; rows of one group are always in the same. */
export interface Folds {
  readonly count: number;
  readonly of: Int32Array;
}

/** Deals whole groups to at most `most` folds in turn, in the order of their numbers, so that each fold has early and late ones. */
export function groupFolds(group: Int32Array, most: number): Folds {
  const index = ranks(group);
  const count = Math.min(most, index.size);
  return { count, of: Int32Array.from(group, (g) => index.get(g)! % count) };
}

/** Like `groupFolds`, but neighbouring groups stay together, so that less is lost to the gap around what is held out. */
export function blockFolds(group: Int32Array, most: number): Folds {
  const index = ranks(group);
  const count = Math.min(most, index.size);
  return { count, of: Int32Array.from(group, (g) => Math.floor((index.get(g)! * count) / index.size)) };
}

/** Rows to learn from when `fold` is held out: none of it, and none whose target lies within `gapMs` of one of its targets. */
export function trainingRows(folds: Folds, fold: number, timeMs: Float64Array, gapMs: number): number[] {
  const held = timeMs.filter((_, i) => folds.of[i] === fold).sort();
  const rows: number[] = [];
  for (let i = 0; i < timeMs.length; i++) if (folds.of[i] !== fold && distanceTo(held, timeMs[i]!) > gapMs) rows.push(i);
  return rows;
}

/** Distance to the nearest of ascending values. */
function distanceTo(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return Math.min(Math.abs((sorted[low] ?? Infinity) - value), Math.abs((sorted[low - 1] ?? -Infinity) - value));
}

/** Place of each group among the numbers that occur. */
function ranks(group: Int32Array): ReadonlyMap<number, number> {
  return new Map([...new Set(group)].sort((a, b) => a - b).map((g, rank) => [g, rank]));
}
