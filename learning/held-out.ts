import { fromScale } from './learners/learner.ts';
import { figure, knownRows, scoreTarget } from './report.ts';
import type { Comparison } from './report.ts';

/** Scores that a model and the best baseline gave to rows of visits they had not seen, in columns; plain JSON. */
export interface HeldOut {
  /** Epoch ms of the target. */
  readonly timeMs: readonly number[];
  readonly site: readonly string[];
  /** Rows of one visit belong together. */
  readonly visit: readonly number[];
  readonly actual: readonly number[];
  /** null = it could not tell. */
  readonly predicted: readonly (number | null)[];
  readonly baseline: readonly (number | null)[];
}

/** On the rows that all learners could predict, so that versions of one profile share them. */
export function heldOutOf(comparison: Comparison, served: string, baseline: string): HeldOut {
  const { data, test, objective, scale } = comparison;
  const rows = knownRows(comparison);
  const score = (value: number): number | null => figure(scoreTarget(objective, value));
  const said = (name: string): (number | null)[] => {
    const predicted = test.predicted.get(name);
    return rows.map((i) => score(fromScale(scale, predicted?.[i] ?? NaN)));
  };
  return {
    timeMs: rows.map((i) => data.timeMs[i]!),
    site: rows.map((i) => data.site[i]!),
    visit: rows.map((i) => data.visit[i]!),
    actual: rows.map((i) => score(data.target[i]!) ?? NaN),
    predicted: said(served),
    baseline: said(baseline),
  };
}

/** What makes a row the same in two versions' records: peers may be on one site at one time, but not with one and the same quality. */
export function rowKey({ timeMs, site, actual }: { timeMs: number; site: string; actual: number }): string {
  return `${timeMs} ${site} ${figure(actual)}`;
}

/** Row by its key. */
export function rowsByKey(held: HeldOut): Map<string, number> {
  return new Map(held.timeMs.map((timeMs, i) => [rowKey({ timeMs, site: held.site[i]!, actual: held.actual[i]! }), i]));
}
