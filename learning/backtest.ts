import { conformalOffsets } from './conformal.ts';
import type { FeaturePlan } from './contract.ts';
import { buildDataset, subset, tickMs } from './dataset.ts';
import type { Dataset, Sources } from './dataset.ts';
import { blockFolds, trainingRows } from './folds.ts';
import type { Folds } from './folds.ts';
import { toScale } from './learners/learner.ts';
import type { FitOptions, Learner, Scale, TrainingSet } from './learners/learner.ts';
import { fitLevels } from './plan.ts';

export interface BacktestRequest {
  readonly plan: FeaturePlan;
  readonly data: Dataset;
  readonly sources: Sources;
  readonly scale: Scale;
  readonly learners: readonly Learner[];
  readonly fit: FitOptions;
  readonly onFold: (done: number, of: number) => void;
  /** What an earlier attempt had learned of the first folds; absent: nothing. */
  readonly resume?: BacktestState;
  readonly onState?: (state: BacktestState) => void;
}

/** The folds that are done, and what each learner said of their rows; plain data, NaN where nothing is known yet. */
export interface BacktestState {
  readonly folds: number;
  readonly predicted: readonly (readonly [learner: string, values: Float64Array])[];
}

export interface Backtest {
  /** Learner -> prediction of every row by a model that has not seen its visit, on the scale; NaN where its fold could not be learned. */
  readonly predicted: ReadonlyMap<string, Float64Array>;
  readonly folds: Folds;
  /** Seconds kept between what is learned from and what is held out, and what horizon and longest lag ask for. */
  readonly gapS: number;
  readonly wantedGapS: number;
}

const MAX_FOLDS = 8;
const FEWEST_ROWS = 10;

/** Holds out whole visits in turn. Levels, scalers and every choice a learner makes are fitted on the other visits only. */
export function backtest(request: BacktestRequest): Backtest {
  const { data, plan } = request;
  const folds = blockFolds(data.visit, MAX_FOLDS);
  const wantedTicks = plan.horizonTicks + plan.history - 1;
  const gapMs = chooseGap(data, folds, plan, wantedTicks * plan.stepMs);
  const resume = fitting(request);
  const predicted = new Map(resume?.predicted ?? request.learners.map((l) => [l.name, new Float64Array(data.n).fill(NaN)] as const));
  for (let fold = resume?.folds ?? 0; fold < folds.count; fold++) {
    const rows = trainingRows(folds, fold, data.timeMs, gapMs);
    if (rows.length >= FEWEST_ROWS) predictFold(request, { rows, fold, folds }, predicted);
    request.onFold(fold + 1, folds.count);
    request.onState?.({ folds: fold + 1, predicted: [...predicted] });
  }
  return { predicted, folds, gapS: gapMs / 1000, wantedGapS: (wantedTicks * plan.stepMs) / 1000 };
}

/** A state of other learners or other rows is of no use. */
function fitting({ resume, learners, data }: BacktestRequest): BacktestState | undefined {
  const known = new Map(resume?.predicted);
  return known.size === learners.length && learners.every((l) => known.get(l.name)?.length === data.n) ? resume : undefined;
}

/** Whether p10..p90 holds the actual value, with offsets from the residuals of the other folds. */
export function coveredRows(predicted: Float64Array, actual: Float64Array, folds: Folds): Uint8Array {
  const residuals = actual.map((y, i) => y - predicted[i]!);
  const covered = new Uint8Array(actual.length);
  for (let fold = 0; fold < folds.count; fold++) {
    const [low, , high] = conformalOffsets([...residuals].filter((_, i) => folds.of[i] !== fold));
    residuals.forEach((r, i) => {
      if (folds.of[i] === fold && r >= low && r <= high) covered[i] = 1;
    });
  }
  return covered;
}

export function trainingSet(data: Dataset, scale: Scale): TrainingSet {
  return { names: data.names, n: data.n, rows: data.rows, y: data.target.map((v) => toScale(scale, v)), scale, visit: data.visit };
}

function predictFold(
  request: BacktestRequest,
  held: { rows: readonly number[]; fold: number; folds: Folds },
  predicted: ReadonlyMap<string, Float64Array>,
): void {
  const test: number[] = [];
  held.folds.of.forEach((fold, i) => fold === held.fold && test.push(i));
  const plan = fitLevels(request.plan, { frames: request.sources.frames, include: outside(request, test) });
  const data = buildDataset(plan, request.sources);
  const train = trainingSet(subset(data, held.rows), request.scale);
  const { rows } = subset(data, test);
  for (const learner of request.learners) {
    const values = learner.fit(train, request.fit).predict(rows, test.length);
    const into = predicted.get(learner.name)!;
    test.forEach((row, i) => (into[row] = values[i]!));
  }
}

/** Ticks that are neither features nor target of a held-out row at lag 0. */
function outside({ data, sources, plan }: BacktestRequest, test: readonly number[]): (frame: number, tick: number) => boolean {
  const horizonMs = plan.horizonTicks * plan.stepMs;
  const spans = new Map<number, { from: number; to: number }>();
  for (const i of test) {
    const t = data.timeMs[i]!;
    const span = spans.get(data.visit[i]!) ?? { from: Infinity, to: -Infinity };
    spans.set(data.visit[i]!, { from: Math.min(span.from, t - horizonMs), to: Math.max(span.to, t) });
  }
  return (frame, tick) => {
    const t = tickMs(sources.frames[frame]!, tick);
    return ![...spans.values()].some((span) => t >= span.from && t <= span.to);
  };
}

/**
 * Horizon + longest lag, or as much of it as leaves half of the other rows: visits of seconds, which is what a short profile has, would
 * otherwise leave nothing to learn from. Features hold no past of the target, so what the gap guards against is only the trouble of one moment
 * lasting into the next; the horizon is never given up.
 */
function chooseGap(data: Dataset, folds: Folds, plan: FeaturePlan, wantedMs: number): number {
  const horizonMs = plan.horizonTicks * plan.stepMs;
  const lagMs = wantedMs - horizonMs;
  const gaps = [1, 0.75, 0.5, 0.25].map((share) => horizonMs + Math.round((share * lagMs) / plan.stepMs) * plan.stepMs);
  return gaps.find((gap) => leavesHalf(data, folds, gap)) ?? horizonMs;
}

function leavesHalf(data: Dataset, folds: Folds, gapMs: number): boolean {
  for (let fold = 0; fold < folds.count; fold++) {
    const others = folds.of.reduce((n, f) => (f === fold ? n : n + 1), 0);
    if (trainingRows(folds, fold, data.timeMs, gapMs).length < Math.max(FEWEST_ROWS, others / 2)) return false;
  }
  return true;
}
