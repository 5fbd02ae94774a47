import { averageOf } from '../learners/average.ts';
import { boostingFor, fitBoosting } from '../learners/boosting.ts';
import type { BoostingOptions } from '../learners/boosting.ts';
import { forest } from '../learners/forest.ts';
import type { FitOptions, Learner, PointModel } from '../learners/learner.ts';
import type { Loss } from '../learners/loss.ts';
import { ridge } from '../learners/ridge.ts';
import { inputValue, overallMean, overallMedian } from './baselines.ts';
import { featureName } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import type { ForecastPlan } from './forecast-plan.ts';
import type { View } from './frame.ts';
import { trainingSetOf, unframed } from './frame.ts';
import type { TaskLoss } from './task-schema.ts';
import type { TaskRows } from './task-rows.ts';

/** A way to predict: a learner with what it sees. */
export interface Candidate {
  readonly name: string;
  readonly kind: 'model' | 'baseline';
  readonly view: View;
  readonly learner: Learner;
  /** The inputs it cannot do without; absent: all. */
  readonly needs?: readonly string[];
}

/** Fits it on rows that are all ready; predicts in the target's own unit. */
export function fitCandidate({ view, learner }: Candidate, rows: TaskRows, fit: FitOptions): PointModel {
  return unframed(learner.fit(trainingSetOf(rows, view), fit), view, rows.names);
}

/** Candidates fitted each for itself, predicting their mean. */
export function fitAverage(candidates: readonly Candidate[], rows: TaskRows, fit: FitOptions): PointModel {
  const models = candidates.map((candidate) => fitCandidate(candidate, rows, fit));
  return models.length === 1 ? models[0]! : averageOf(models);
}

const PLAIN: View = { frame: { kind: 'plain' } };

/** Constants that anyone would guess. They need no input, but a graph has one. */
export function constantBaselines(): Candidate[] {
  return [overallMean, overallMedian].map((learner) => ({ name: learner.name, kind: 'baseline', view: PLAIN, learner, needs: [] }));
}

/** Baselines of the target's own past, as far as the plan has their inputs. */
export function ownBaselines(plan: ForecastPlan, own: string): Candidate[] {
  return plan.specs.flatMap((spec): Candidate[] => {
    const name = nameOfBaseline(spec, plan, own);
    if (name === undefined) return [];
    const input = featureName(spec);
    return [{ name, kind: 'baseline', view: PLAIN, learner: inputValue(name, input), needs: [input] }];
  });
}

function nameOfBaseline(spec: FeatureSpec, plan: ForecastPlan, own: string): string | undefined {
  if (!('series' in spec) || spec.series !== own) return undefined;
  if (spec.op === 'value' && spec.lag === 0) return 'last value';
  if (spec.op === 'value' && spec.lag === plan.seasonLag) return 'seasonal naive';
  return (spec.op === 'mean' || spec.op === 'median') && spec.lag === 0 ? `${spec.op} of ${spec.ticks}` : undefined;
}

export function fixedBoosting(name: string, options: Partial<BoostingOptions> & { readonly loss: Loss }): Learner {
  return { name, kind: 'model', fit: (set, fit) => fitBoosting(set, { ...boostingFor(set.n, options.loss), ...options }, fit) };
}

export interface ModelsInput {
  readonly loss: TaskLoss;
  readonly better: 'lower' | 'higher';
  readonly rows: TaskRows;
  /** Name of the input that is the target's last value, and of the one that tells its size. */
  readonly level?: string;
  readonly size?: string;
}

export function modelCandidates({ loss, better, rows, level, size }: ModelsInput): Candidate[] {
  const main = lossOfTask(loss, better);
  const views: [string, View][] = [['', PLAIN]];
  const smallest = rows.y.reduce((a, b) => Math.min(a, b), Infinity);
  if (smallest > 0) views.push([' of log', { frame: { kind: 'log', shift: 0 } }]);
  if (level !== undefined) views.push([' from last', { frame: { kind: 'relative', level } }]);
  if (level !== undefined && size !== undefined) views.push([' by size', { frame: { kind: 'relative', level, size } }]);
  return views.flatMap(([suffix, view]) => {
    const isPlain = view.frame.kind === 'plain';
    const learners: Learner[] = [
      ridge,
      fixedBoosting('boosting', {
        loss: isPlain ? main : main.kind === 'sla' ? { kind: 'squared' } : main,
        rounds: 120,
        leaves: 15,
        rate: 0.06,
      }),
      ...(isPlain ? [forest({ trees: 60, minRows: 3, columns: 0.5 })] : []),
    ];
    return learners.map((learner): Candidate => ({ name: `${learner.name}${suffix}`, kind: 'model', view, learner }));
  });
}

function lossOfTask(loss: TaskLoss, better: 'lower' | 'higher'): Loss {
  if (loss === 'absolute' || loss === 'squared') return { kind: loss };
  return { kind: 'sla', ...loss.sla, side: better === 'lower' ? 'above' : 'below' };
}
