import type { Objective } from '../domain/config.ts';
import { kpiScore } from '../domain/objective.ts';
import type { Backtest } from './backtest.ts';
import { coveredRows } from './backtest.ts';
import type { Dataset } from './dataset.ts';
import { fromScale, toScale } from './learners/learner.ts';
import type { Learner, Scale } from './learners/learner.ts';
import { skillOf } from './skill.ts';
import type { Skill } from './skill.ts';

/** Errors of one candidate in the backtest; null = could not be told. */
export interface CandidateReport {
  readonly name: string;
  readonly kind: 'model' | 'baseline';
  /** Mean absolute error of the QoS score: what decisions are made on, and what candidates are compared by. */
  readonly maeScore: number | null;
  /** In the target's own unit. */
  readonly mae: number | null;
  readonly rmse: number | null;
  /** Mean of predicted - actual. */
  readonly bias: number | null;
}

export interface SiteEvidence {
  readonly site: string;
  readonly samples: number;
  readonly newestMs: number;
  /** Mean absolute error of the score. */
  readonly error: number;
  /** Share of outcomes within p10..p90. */
  readonly coverage: number;
}

export interface Judged {
  readonly candidates: readonly CandidateReport[];
  /** Undefined where no baseline, or no model, could be backtested. */
  readonly bestBaseline?: string;
  readonly bestModel?: string;
  readonly skill?: Skill;
}

export interface Comparison {
  readonly data: Dataset;
  readonly test: Backtest;
  readonly objective: Objective;
  readonly scale: Scale;
}

/** QoS score of a target value; with several KPIs the target is the score already. */
export function scoreTarget(objective: Objective, value: number): number {
  const [kpi, ...others] = objective.kpis;
  if (kpi && others.length === 0) return kpiScore(kpi, value);
  return Math.min(1, Math.max(0, value));
}

/** Compares every learner on the rows that all of them could predict. */
export function judge(comparison: Comparison, learners: readonly Learner[], seed: number): Judged {
  const errors = new Map(learners.map((l) => [l.name, scoreErrors(comparison, l.name)]));
  const candidates = learners.map((l) => describe(comparison, l, errors.get(l.name)!));
  const bestOf = (kind: Learner['kind']): string | undefined =>
    candidates.reduce<CandidateReport | undefined>(
      (a, b) => (b.kind === kind && b.maeScore !== null && b.maeScore < (a?.maeScore ?? Infinity) ? b : a),
      undefined,
    )?.name;
  const bestBaseline = bestOf('baseline');
  const bestModel = bestOf('model');
  if (bestBaseline === undefined || bestModel === undefined) return { candidates, ...(bestBaseline === undefined ? {} : { bestBaseline }) };
  const known = knownRows(comparison);
  const pick = (name: string): Float64Array => Float64Array.from(known, (i) => errors.get(name)![i]!);
  const group = Int32Array.from(known, (i) => comparison.data.visit[i]!);
  return { candidates, bestBaseline, bestModel, skill: skillOf({ model: pick(bestModel), baseline: pick(bestBaseline), group }, seed) };
}

/** What the backtest shows of a candidate on each site. */
export function evidenceOf(comparison: Comparison, name: string): SiteEvidence[] {
  const { data, test, scale } = comparison;
  const errors = scoreErrors(comparison, name);
  const covered = coveredRows(
    test.predicted.get(name)!,
    data.target.map((v) => toScale(scale, v)),
    test.folds,
  );
  const known = knownRows(comparison);
  return [...new Set(data.site)].sort().flatMap((site) => {
    const rows = known.filter((i) => data.site[i] === site);
    if (rows.length === 0) return [];
    return [
      {
        site,
        samples: rows.length,
        newestMs: rows.reduce((newest, i) => Math.max(newest, data.timeMs[i]!), -Infinity),
        error: meanOver(rows, (i) => errors[i]!),
        coverage: meanOver(rows, (i) => covered[i]!),
      },
    ];
  });
}

/** Where the app was on the site already: the served candidate against "as it is now". It does not exist for any other site. */
export function persistence(
  comparison: Comparison,
  name: string,
): { rows: number; maeScore: number | null; lastValueMaeScore: number | null } {
  const { data, objective } = comparison;
  const errors = scoreErrors(comparison, name);
  const rows = knownRows(comparison).filter((i) => Number.isFinite(data.last[i]!));
  const last = meanOver(rows, (i) => Math.abs(scoreTarget(objective, data.last[i]!) - scoreTarget(objective, data.target[i]!)));
  return { rows: rows.length, maeScore: figure(meanOver(rows, (i) => errors[i]!)), lastValueMaeScore: figure(last) };
}

/** JSON has no NaN: what could not be told is null. */
export function figure(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}

function describe(comparison: Comparison, learner: Learner, errors: Float64Array): CandidateReport {
  const rows = knownRows(comparison);
  const predicted = comparison.test.predicted.get(learner.name)!;
  const off = (i: number): number => fromScale(comparison.scale, predicted[i]!) - comparison.data.target[i]!;
  return {
    name: learner.name,
    kind: learner.kind,
    maeScore: figure(meanOver(rows, (i) => errors[i]!)),
    mae: figure(meanOver(rows, (i) => Math.abs(off(i)))),
    rmse: figure(Math.sqrt(meanOver(rows, (i) => off(i) ** 2))),
    bias: figure(meanOver(rows, off)),
  };
}

function scoreErrors({ data, test, objective, scale }: Comparison, name: string): Float64Array {
  return test.predicted
    .get(name)!
    .map((p, i) => Math.abs(scoreTarget(objective, fromScale(scale, p)) - scoreTarget(objective, data.target[i]!)));
}

/** Rows that every learner could predict. */
export function knownRows({ data, test }: Comparison): number[] {
  const all = [...test.predicted.values()];
  return Array.from({ length: data.n }, (_, i) => i).filter((i) => all.every((p) => !Number.isNaN(p[i]!)));
}

function meanOver(rows: readonly number[], value: (row: number) => number): number {
  return rows.reduce((sum, i) => sum + value(i), 0) / rows.length;
}
