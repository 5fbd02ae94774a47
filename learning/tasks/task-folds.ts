import { randomFrom } from '../random.ts';
import type { Task } from './task-schema.ts';

export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

export interface FoldInput {
  readonly n: number;
  readonly timeMs: Float64Array;
  readonly group: Int32Array;
  /** Kept free before each test block: horizon + longest lag. */
  readonly gapMs: number;
  readonly folds: number;
}

/** Share of each series that every fold learns from at least. */
const FIRST = 0.4;

/**
 * Rolling origin: each fold learns from what was before and is judged on the block that follows, with a gap between the last target learned from
 * and the first judged. Where series cover different times, each rolls along its own.
 */
export function rollingFolds({ n, timeMs, group, gapMs, folds }: FoldInput): Fold[] {
  const spans = spansOf(timeMs, group);
  const shared = sharedSpan(spans);
  const edge = (g: number, share: number): number => {
    const { from, to } = shared ?? spans.get(g)!;
    return from + (to - from) * share;
  };
  return Array.from({ length: folds }, (_, k) => {
    const [begin, end] = [FIRST + ((1 - FIRST) * k) / folds, FIRST + ((1 - FIRST) * (k + 1)) / folds];
    const train: number[] = [];
    const test: number[] = [];
    for (let i = 0; i < n; i++) {
      const t = timeMs[i]!;
      const g = group[i]!;
      const at = edge(g, begin);
      if (t < at - gapMs) train.push(i);
      else if (t >= at && (t < edge(g, end) || k === folds - 1)) test.push(i);
    }
    return { train: Int32Array.from(train), test: Int32Array.from(test) };
  }).filter((fold) => fold.train.length > 0 && fold.test.length > 0);
}

/** Deals whole groups to folds at random, of about equal size. */
export function groupedFolds({ n, group, folds, seed }: { n: number; group: Int32Array; folds: number; seed: number }): Fold[] {
  const random = randomFrom(seed);
  const groups = [...new Set(group)].map((g) => ({ g, at: random() })).sort((a, b) => a.at - b.at);
  const of = new Map(groups.map(({ g }, k) => [g, k % Math.min(folds, groups.length)]));
  return Array.from({ length: Math.min(folds, groups.length) }, (_, k) => {
    const all = Int32Array.from({ length: n }, (_, i) => i);
    return { train: all.filter((i) => of.get(group[i]!) !== k), test: all.filter((i) => of.get(group[i]!) === k) };
  }).filter((fold) => fold.train.length > 0 && fold.test.length > 0);
}

/** How the backtest of a task splits: `time`, or whole groups. A regression without a time is split row by row. */
export function splitOf(task: Task): 'time' | 'groups' {
  if (task.split === 'time') return 'time';
  return task.split === undefined && task.time !== undefined ? 'time' : 'groups';
}

function spansOf(timeMs: Float64Array, group: Int32Array): Map<number, { from: number; to: number }> {
  const spans = new Map<number, { from: number; to: number }>();
  timeMs.forEach((t, i) => {
    const span = spans.get(group[i]!);
    if (span) {
      span.from = Math.min(span.from, t);
      span.to = Math.max(span.to, t);
    } else spans.set(group[i]!, { from: t, to: t });
  });
  return spans;
}

/** The time all series cover, where they share most of it. */
function sharedSpan(spans: Map<number, { from: number; to: number }>): { from: number; to: number } | undefined {
  const all = [...spans.values()];
  const from = Math.min(...all.map((s) => s.from));
  const to = Math.max(...all.map((s) => s.to));
  const common = Math.min(...all.map((s) => s.to)) - Math.max(...all.map((s) => s.from));
  return common >= 0.5 * (to - from) ? { from, to } : undefined;
}
