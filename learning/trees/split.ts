import type { Arena } from './arena.ts';
import { CELL } from './kernels/kernels.ts';

/** Sums over some rows, and where the histogram of these rows is. */
export interface Sums {
  readonly histogram: number;
  readonly sum: number;
  readonly weight: number;
}

export interface SplitRules {
  /** Fewest rows on a side, each counted with its weight. */
  readonly minRows: number;
  /** Added to the weight of a leaf: small leaves must show more. */
  readonly lambda: number;
  /** 1 for each feature that may be used. */
  readonly allowed: Uint8Array;
  /** Of each feature: 1 where the prediction may not fall as it grows, -1 where it may not rise, else 0. */
  readonly directions?: Int8Array;
}

export interface Split {
  readonly gain: number;
  readonly feature: number;
  /** Last bin on the left. */
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly left: { readonly sum: number; readonly weight: number };
}

/** The split with the greatest gain in squared error, ties to the lowest feature; undefined where none gains. */
export function bestSplit(arena: Arena, sums: Sums, rules: SplitRules): Split | undefined {
  const { histogram, sum, weight } = sums;
  const { minRows, lambda, allowed, directions } = rules;
  if (weight < 2 * minRows) return undefined;
  const { at, width, size, f64, i32 } = arena;
  arena.kernels.scan(histogram, size, (width + 1) & ~1, at.shape, sum, weight, minRows, lambda, at.out, at.scratch);
  const whole = (sum * sum) / (weight + lambda);
  // Less than the rounding of the score itself is no gain.
  let best = whole * (1 + 1e-12);
  let feature = -1;
  for (let f = 0; f < width; f++) {
    if (!allowed[f]) continue;
    const out = at.out + f * CELL;
    if (directions?.[f]) scanDirected(arena, { sums, rules, feature: f, direction: directions[f]! });
    if (f64[out >> 3]! > best) {
      best = f64[out >> 3]!;
      feature = f;
    }
  }
  if (feature < 0) return undefined;
  const bin = i32[(at.out + feature * CELL + 8) >> 2]!;
  const missingLeft = i32[(at.out + feature * CELL + 12) >> 2]! === 1;
  return { gain: best - whole, feature, bin, missingLeft, left: sumLeft(arena, { histogram, feature, bin, missingLeft }) };
}

function sumLeft(
  { f64, size, bounds }: Arena,
  { histogram, feature, bin, missingLeft }: { histogram: number; feature: number; bin: number; missingLeft: boolean },
): { sum: number; weight: number } {
  const at = (histogram + feature * size) >> 3;
  const missing = at + 2 * (bounds[feature]!.length + 1);
  let sum = missingLeft ? f64[missing]! : 0;
  let weight = missingLeft ? f64[missing + 1]! : 0;
  for (let cell = at; cell <= at + 2 * bin; cell += 2) {
    sum += f64[cell]!;
    weight += f64[cell + 1]!;
  }
  return { sum, weight };
}

/** The best split of one feature whose sides are in order; takes the place of what the kernel found. */
function scanDirected(
  { f64, i32, at, size, bounds, hasMissing }: Arena,
  { sums, rules, feature, direction }: { sums: Sums; rules: SplitRules; feature: number; direction: number },
): void {
  const cells = (sums.histogram + feature * size) >> 3;
  const bins = bounds[feature]!.length + 1;
  const best = { score: -1, bin: -1, missingLeft: 0 };
  for (let missingLeft = 0; missingLeft <= hasMissing[feature]!; missingLeft++) {
    let sum = missingLeft ? f64[cells + 2 * bins]! : 0;
    let weight = missingLeft ? f64[cells + 2 * bins + 1]! : 0;
    for (let bin = 0; bin < bins; bin++) {
      sum += f64[cells + 2 * bin]!;
      weight += f64[cells + 2 * bin + 1]!;
      if (!(Math.min(weight, sums.weight - weight) >= rules.minRows)) continue;
      const left = -sum / (weight + rules.lambda);
      const right = -(sums.sum - sum) / (sums.weight - weight + rules.lambda);
      if (direction * (right - left) < 0) continue;
      const score = -sum * left - (sums.sum - sum) * right;
      if (score > best.score) Object.assign(best, { score, bin, missingLeft });
    }
  }
  const out = at.out + feature * CELL;
  f64[out >> 3] = best.score;
  i32[(out + 8) >> 2] = best.bin;
  i32[(out + 12) >> 2] = best.missingLeft;
}
