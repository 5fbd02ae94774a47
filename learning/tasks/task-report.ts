import type { Calibration, Spread } from './band.ts';
import type { Evaluated, FittedTask } from './fit-task.ts';
import type { Importance } from './importances.ts';
import { blocksOf } from './judge-candidates.ts';
import type { CandidateReport } from './judge-candidates.ts';
import { blockSums, figure, ratioInterval } from './metrics.ts';
import type { Interval } from './metrics.ts';
import type { Task } from './task-schema.ts';
import { stability } from './select-series.ts';

/** What a fit or an evaluation found. Plain JSON; null = could not be told. */
export interface TaskReport {
  readonly task: string;
  readonly kind: 'forecast' | 'regression';
  readonly target: string;
  readonly unit: string;
  readonly loss: Task['loss'];
  readonly verdict: 'skill' | 'no skill';
  readonly why: string;
  /** What a candidate's error is compared by: mean of the task's loss on held-out rows. */
  readonly candidates: readonly CandidateReport[];
  readonly bestBaseline: string | null;
  readonly bestModel: readonly string[] | null;
  readonly skill: Interval | null;
  readonly backtest: {
    readonly split: 'time' | 'groups';
    readonly folds: readonly { readonly train: number; readonly test: number }[];
    /** Seconds between what is learned from and what is judged. */
    readonly gapS: number | null;
    readonly comparedRows: number;
  };
  readonly features: {
    readonly offered: number;
    readonly selected: readonly string[];
    /** Likeness (Jaccard) of the choices on rows drawn again, and of those of the folds; 1 = always the same. */
    readonly stability: number | null;
    readonly stabilityOverFolds: number | null;
    readonly inputs: number;
    readonly about: Readonly<Record<string, number | string>>;
  };
  /** Only of a fit. */
  readonly chosen?: {
    readonly name: string;
    readonly servedBy: 'model' | 'baseline';
    readonly about: Readonly<Record<string, number | string>>;
    readonly band: { readonly spread: Spread; readonly low: number; readonly high: number };
    /** Share of outcomes within p10..p90, by bands made from earlier folds alone; nominal 0.8. */
    readonly coverage: Interval | null;
    /** Share of held-out outcomes below each nominal quantile. */
    readonly calibration: readonly Calibration[];
    readonly importances: readonly Importance[];
  };
}

export function reportOf<P>(task: Task, evaluated: Evaluated<P> | FittedTask<P>, seed: number): TaskReport {
  const { judged, folds, gapMs, planned } = evaluated;
  const { selection } = planned;
  return {
    task: task.name,
    kind: task.kind,
    target: task.target.column,
    unit: task.target.unit,
    loss: task.loss,
    verdict: judged.verdict,
    why: judged.why,
    candidates: [...judged.candidates].sort((a, b) => a.loss - b.loss),
    bestBaseline: judged.bestBaseline ?? null,
    bestModel: judged.bestModel ?? null,
    skill: judged.skill ?? null,
    backtest: {
      split: evaluated.split,
      folds: folds.map(({ train, test }) => ({ train: train.length, test: test.length })),
      gapS: evaluated.split === 'time' ? gapMs / 1000 : null,
      comparedRows: judged.rows.length,
    },
    features: {
      offered: selection.offered,
      selected: selection.chosen,
      stability: figure(selection.stability),
      stabilityOverFolds: figure(stability(evaluated.test.choices)),
      inputs: evaluated.inputs,
      about: planned.about,
    },
    ...('served' in evaluated ? { chosen: chosenOf(task, evaluated, seed) } : {}),
  };
}

function chosenOf<P>(task: Task, fitted: FittedTask<P>, seed: number): NonNullable<TaskReport['chosen']> {
  return {
    name: fitted.servedName,
    servedBy: fitted.servedBy,
    about: fitted.about,
    band: fitted.band.band,
    coverage: coverageOf(task, fitted, seed),
    calibration: fitted.band.below.map(({ nominal, observed }) => ({ nominal, observed: Number(observed.toFixed(4)) })),
    importances: fitted.importances,
  };
}

function coverageOf<P>(task: Task, { band, bandRows, test, timeMs, group }: FittedTask<P>, seed: number): Interval | null {
  const rows = bandRows.filter((_, i) => band.judged[i] === 1);
  if (rows.length === 0) return null;
  const covered = band.covered.filter((_, i) => band.judged[i] === 1);
  const { block, blocks } = blocksOf({ test, timeMs, group, task }, rows);
  return ratioInterval(blockSums(covered, block, blocks), blockSums(new Uint8Array(rows.length).fill(1), block, blocks), seed);
}
