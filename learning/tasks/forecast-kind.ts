import { constantBaselines, modelCandidates, ownBaselines } from './candidates.ts';
import { featureName } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import type { Kind } from './fit-task.ts';
import { forecastProblem, forecastSettings } from './forecast-problem.ts';
import { planOf } from './forecast-plan.ts';
import type { ForecastPlan } from './forecast-plan.ts';
import type { Table } from './table.ts';
import type { Task } from './task-schema.ts';

export interface Origin {
  readonly data: readonly string[];
  readonly seed: number;
}

/** A forecast as the fitting of tasks sees it. */
export function forecastKind(table: Table, task: Task, { data, seed }: Origin): Kind<ForecastPlan> {
  const { stepMs, horizonTicks } = forecastSettings(task);
  const own = task.features.pastTarget ? task.target.column : undefined;
  const { column, unit, better } = task.target;
  const named = (plan: ForecastPlan, is: (spec: FeatureSpec) => boolean): string[] => plan.specs.filter(is).map(featureName);
  return {
    problem: forecastProblem(table, task),
    baselines: ({ plan }) => [...(own === undefined ? [] : ownBaselines(plan, own)), ...constantBaselines()],
    models({ plan }, rows) {
      const [level] = own === undefined ? [] : named(plan, (s) => s.op === 'value' && s.series === own && s.lag === 0);
      const [size] = own === undefined ? [] : named(plan, (s) => s.op === 'size' && s.series === own);
      return modelCandidates({
        loss: task.loss,
        better,
        rows,
        ...(level === undefined ? {} : { level }),
        ...(size === undefined || table.groups.length < 2 ? {} : { size }),
      });
    },
    spreadsOf: ({ plan }) => named(plan, (s) => (s.op === 'change' || s.op === 'size' || s.op === 'deviation') && s.series === own),
    planFor(plan, { needs }) {
      const specs = plan.specs.filter((spec) => needs?.includes(featureName(spec)) ?? true);
      // A constant needs no input, but a graph has one: the clock needs no column.
      return planOf(plan, specs.length > 0 ? specs : [{ op: 'clock', period: 'day', wave: 'sin' }]);
    },
    gapMs: (plan) => (plan.horizonTicks + plan.history - 1) * plan.stepMs,
    contract: (plan, learner) => ({
      schema: 1,
      kind: 'forecast',
      task: task.name,
      learner,
      target: column,
      unit,
      better,
      quantiles: [0.1, 0.5, 0.9],
      data: [...data],
      seed,
      time: task.time!,
      ...(task.group === undefined ? {} : { group: task.group }),
      stepS: stepMs / 1000,
      horizonS: (horizonTicks * stepMs) / 1000,
      plan: { ...plan, series: [...plan.series], specs: [...plan.specs], names: [...plan.names] },
    }),
  };
}
