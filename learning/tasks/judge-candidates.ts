import { blockSums, lossRows, metricsOf, ratioInterval, violationsOf } from './metrics.ts';
import type { Interval, Metrics, Violations } from './metrics.ts';
import type { Candidate } from './candidates.ts';
import type { Backtested } from './task-backtest.ts';
import { meanOf as meanPrediction, predictedByPick } from './honest-pick.ts';
import { splitOf } from './task-folds.ts';
import type { Task } from './task-schema.ts';

export interface CandidateReport extends Metrics {
  readonly name: string;
  readonly kind: 'model' | 'baseline';
  /** Mean of the task's loss: what candidates are compared by. */
  readonly loss: number;
  /** Only where the task's loss names a bound. */
  readonly violations?: Violations;
}

export interface Judged {
  /** Examples on which everything was compared. */
  readonly rows: Int32Array;
  readonly candidates: readonly CandidateReport[];
  readonly bestBaseline?: string;
  /** Names of the candidates whose mean is the best model. */
  readonly bestModel?: readonly string[];
  readonly skill?: Interval;
  readonly verdict: 'skill' | 'no skill';
  readonly why: string;
}

export interface JudgeInput {
  readonly task: Task;
  readonly actual: Float64Array;
  readonly group: Int32Array;
  readonly timeMs: Float64Array;
  readonly test: Backtested;
  readonly known: readonly Pick<Candidate, 'name' | 'kind'>[];
  readonly seed: number;
}

/** A candidate that is unknown more often than this is left out of the comparison instead of taking the rows with it. */
const MOST_UNKNOWN = 0.05;
const WORTH = 0.02;
const BLOCKS_PER_FOLD = 10;

/** Compares every candidate, and the means of the best two and three models, on the rows that all of them predicted. */
export function judgeCandidates(input: JudgeInput): Judged {
  const usable = usableOf(input);
  const rows = comparedRows(input, usable);
  if (rows.length === 0 || usable.length === 0)
    return {
      rows,
      candidates: [],
      verdict: 'no skill',
      why: 'There is too little data to hold any out, so nothing could be compared: a baseline serves.',
    };
  const at = (values: Float64Array): Float64Array => Float64Array.from(rows, (i) => values[i]!);
  const actual = at(input.actual);
  const describe = ({ name, kind, predicted }: Shown): CandidateReport => describeOne(input, { name, kind, predicted, actual, rows });
  const singles = usable.map((c) => ({ ...c, predicted: at(input.test.predicted.get(c.name)!), of: [c.name] }));
  const first = singles.map((s) => ({ ...s, report: describe(s) }));
  const models = first.filter((s) => s.kind === 'model').sort((a, b) => a.report.loss - b.report.loss);
  const means = [2, 3].filter((k) => models.length >= k).map((k) => meanOf(models.slice(0, k)));
  const all = [...first, ...means.map((m) => ({ ...m, report: describe(m) }))];
  const best = (kind: string) =>
    all
      .filter((s) => s.kind === kind)
      .reduce<(typeof all)[number] | undefined>((a, b) => (a && a.report.loss <= b.report.loss ? a : b), undefined);
  const bestModel = best('model');
  const bestBaseline = best('baseline');
  const candidates = all.map((s) => s.report);
  const picked = { ...(bestBaseline ? { bestBaseline: bestBaseline.name } : {}), ...(bestModel ? { bestModel: bestModel.of } : {}) };
  if (!bestModel || !bestBaseline)
    return { rows, candidates, ...picked, verdict: 'no skill', why: 'There was no model, or no baseline, to compare: a baseline serves.' };
  const skill = pickedSkill(input, { rows, actual, models: models.map((m) => m.predicted), baseline: bestBaseline.predicted });
  return { rows, candidates, ...picked, skill, ...verdictOf(skill, bestModel.name, bestBaseline.name) };
}

/** Skill of the choice itself: in each fold of what other, or earlier, folds would have chosen. The baseline is the best in hindsight. */
function pickedSkill(
  input: JudgeInput,
  { rows, actual, models, baseline }: { rows: Int32Array; actual: Float64Array; models: readonly Float64Array[]; baseline: Float64Array },
): Interval {
  const { loss, target } = input.task;
  const lossOf = (predicted: Float64Array): Float64Array => lossRows(loss, predicted, actual, target.better);
  const fold = Int32Array.from(rows, (i) => input.test.fold[i]!);
  const predicted = predictedByPick({ models, lossOf, fold, order: splitOf(input.task) });
  const known = (_: number, i: number): boolean => !Number.isNaN(predicted[i]!);
  return skillOf(input, {
    rows: rows.filter(known),
    actual: actual.filter(known),
    model: predicted.filter(known),
    baseline: baseline.filter(known),
  });
}

interface Shown {
  readonly name: string;
  readonly kind: 'model' | 'baseline';
  readonly predicted: Float64Array;
}

function usableOf({ known, test }: JudgeInput): JudgeInput['known'] {
  const judged = Array.from({ length: test.fold.length }, (_, i) => i).filter((i) => test.fold[i]! >= 0);
  const seen = new Map(known.map((c) => [c.name, c]));
  const anyway = missingAnyway(test, judged);
  return [...seen.values()].filter(({ name }) => {
    const predicted = test.predicted.get(name);
    if (!predicted) return false;
    const unknown = judged.filter((i) => !Number.isFinite(predicted[i]!)).length;
    return unknown <= MOST_UNKNOWN * judged.length + anyway;
  });
}

/** Rows that no model could tell either, as the input was missing for too long. */
function missingAnyway(test: Backtested, judged: readonly number[]): number {
  return judged.filter((i) => [...test.predicted.values()].every((p) => !Number.isFinite(p[i]!))).length;
}

function comparedRows({ test, actual }: JudgeInput, usable: JudgeInput['known']): Int32Array {
  const all = usable.map((c) => test.predicted.get(c.name)!);
  return Int32Array.from({ length: actual.length }, (_, i) => i).filter(
    (i) => test.fold[i]! >= 0 && all.every((p) => Number.isFinite(p[i]!)),
  );
}

function describeOne(
  { task, group }: JudgeInput,
  { name, kind, predicted, actual, rows }: Shown & { actual: Float64Array; rows: Int32Array },
): CandidateReport {
  const { loss, target } = task;
  const losses = lossRows(loss, predicted, actual, target.better);
  const own = Int32Array.from(rows, (i) => (task.kind === 'forecast' ? group[i]! : 0));
  const bound = typeof loss === 'string' ? undefined : loss.sla.bound;
  return {
    name,
    kind,
    loss: losses.reduce((sum, l) => sum + l, 0) / losses.length,
    ...metricsOf({ predicted, actual, group: own }),
    ...(bound === undefined ? {} : { violations: violationsOf(predicted, actual, { bound, better: target.better }) }),
  };
}

function meanOf(models: readonly { name: string; predicted: Float64Array }[]): Shown & { of: string[] } {
  const predicted = meanPrediction(models.map((m) => m.predicted));
  return { name: `mean of ${models.map((m) => m.name).join(', ')}`, kind: 'model', predicted, of: models.map((m) => m.name) };
}

interface Pair {
  readonly rows: Int32Array;
  readonly actual: Float64Array;
  readonly model: Float64Array;
  readonly baseline: Float64Array;
}

/** 1 - loss of the model / loss of the baseline, in the unit of the target for squared losses too. */
function skillOf(input: JudgeInput, { rows, actual, model, baseline }: Pair): Interval {
  const { loss, target } = input.task;
  const { block, blocks } = blocksOf(input, rows);
  const sums = (predicted: Float64Array): Float64Array => blockSums(lossRows(loss, predicted, actual, target.better), block, blocks);
  const ratio = ratioInterval(sums(model), sums(baseline), input.seed);
  const power = loss === 'absolute' ? 1 : 0.5;
  const gain = (value: number | null): number | null => (value === null ? null : Number((1 - value ** power).toPrecision(6)));
  return { value: gain(ratio.value), low: gain(ratio.high), high: gain(ratio.low) };
}

/** Stretches of time within each fold, or the groups that are split by. */
export function blocksOf(
  { test, timeMs, group, task }: Pick<JudgeInput, 'test' | 'timeMs' | 'group' | 'task'>,
  rows: Int32Array,
): { block: Int32Array; blocks: number } {
  const keys = new Map<string, number>();
  const spans = new Map<number, { from: number; to: number }>();
  for (const i of rows) {
    const span = spans.get(test.fold[i]!) ?? { from: Infinity, to: -Infinity };
    spans.set(test.fold[i]!, { from: Math.min(span.from, timeMs[i]!), to: Math.max(span.to, timeMs[i]!) });
  }
  const byGroup = task.kind === 'regression' && !(task.split === 'time' || (task.split === undefined && task.time !== undefined));
  const block = Int32Array.from(rows, (i) => {
    const span = spans.get(test.fold[i]!)!;
    const part = Math.min(BLOCKS_PER_FOLD - 1, Math.floor((BLOCKS_PER_FOLD * (timeMs[i]! - span.from)) / (span.to - span.from || 1)));
    const key = byGroup ? String(group[i]) : `${test.fold[i]} ${part}`;
    if (!keys.has(key)) keys.set(key, keys.size);
    return keys.get(key)!;
  });
  return { block, blocks: keys.size };
}

function verdictOf(skill: Interval, model: string, baseline: string): { verdict: 'skill' | 'no skill'; why: string } {
  if (skill.value === null || skill.low === null || skill.high === null)
    return {
      verdict: 'no skill',
      why: `No gain over the baseline "${baseline}" could be told: it makes no error, or there was but one fold.`,
    };
  const gain = `${percent(skill.value)} (90 % interval ${percent(skill.low)} to ${percent(skill.high)})`;
  if (skill.value >= WORTH && skill.low > 0)
    return {
      verdict: 'skill',
      why: `On data later than, or apart from, what it learned from, "${model}" makes ${gain} less error than the best baseline "${baseline}".`,
    };
  return {
    verdict: 'no skill',
    why: `The best model "${model}" gains ${gain} over the baseline "${baseline}"; it takes 2 % with the interval above zero. The baseline serves.`,
  };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
