import type { DemoStory } from './result.ts';

export type Outcome = DemoStory['outcomes'][number];
export interface Accuracy {
  readonly n: number;
  /** Mean absolute error of the score; undefined without outcomes. */
  readonly error?: number;
  /** Share of outcomes within p10 to p90: 0.8 if the intervals keep what they promise. */
  readonly coverage?: number;
}

export function accuracyOf(outcomes: readonly Outcome[]): Accuracy {
  const n = outcomes.length;
  if (n === 0) return { n };
  const error = outcomes.reduce((sum, o) => sum + Math.abs(o.actual - o.p50), 0) / n;
  const coverage = outcomes.filter((o) => o.actual >= o.p10 && o.actual <= o.p90).length / n;
  return { n, error, coverage };
}
