import { randomFrom } from '../../../learning/random.ts';

export interface Table {
  /** `[n][width]` */
  readonly rows: Float32Array;
  readonly y: Float64Array;
  readonly n: number;
  readonly width: number;
}

/**
 * Uniform features, and a target as a service shows it: smooth and bent terms (Friedman's), a knee that climbs as 1 / (1 - use), interactions,
 * and noise of standard deviation 1. Needs 12 features at least; the others mean nothing.
 */
export function syntheticTable({ n, width, seed }: { n: number; width: number; seed: number }): Table {
  const random = randomFrom(seed);
  const rows = Float32Array.from({ length: n * width }, random);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const x = (f: number): number => rows[i * width + f]!;
    const friedman = 10 * Math.sin(Math.PI * x(0) * x(1)) + 20 * (x(2) - 0.5) ** 2 + 10 * x(3) + 5 * x(4);
    const knee = 1 / (1 - 0.95 * x(5));
    // Each of them shows in one feature alone too: what only shows in two at once, trees find by luck.
    const interactions = 4 * (x(6) > 0.5 ? x(7) : 0) + 3 * x(8) * x(9) - 4 * Math.max(x(10), x(11));
    y[i] = friedman + knee + interactions + gaussian(random);
  }
  return { rows, y, n, width };
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
