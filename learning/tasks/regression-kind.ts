import { constantBaselines, modelCandidates } from './candidates.ts';
import type { Kind } from './fit-task.ts';
import type { Origin } from './forecast-kind.ts';
import { regressionProblem, rowSpecName } from './regression-problem.ts';
import type { RegressionPlan } from './regression-problem.ts';
import type { Table } from './table.ts';
import type { Task } from './task-schema.ts';

/** A regression as the fitting of tasks sees it. */
export function regressionKind(table: Table, task: Task, { data, seed }: Origin): Kind<RegressionPlan> {
  const { column, unit, better } = task.target;
  return {
    problem: regressionProblem(table, task),
    baselines: () => constantBaselines(),
    models: (_, rows) => modelCandidates({ loss: task.loss, better, rows }),
    spreadsOf: () => [],
    planFor(plan, { needs }) {
      const specs = plan.specs.filter((spec) => needs?.includes(rowSpecName(spec)) ?? true);
      // A constant needs no input, but a graph has one: whatever the first column holds, if anything.
      if (specs.length === 0) return { columns: [], specs: plan.specs.slice(0, 1), names: plan.names.slice(0, 1) };
      const columns = [...new Set(specs.flatMap((spec) => (spec.op === 'column' ? [spec.column] : [spec.a, spec.b])))];
      return { columns, specs, names: specs.map(rowSpecName) };
    },
    gapMs: () => 0,
    contract: (plan, learner) => ({
      schema: 1,
      kind: 'regression',
      task: task.name,
      learner,
      target: column,
      unit,
      better,
      quantiles: [0.1, 0.5, 0.9],
      data: [...data],
      seed,
      plan: { columns: [...plan.columns], specs: [...plan.specs], names: [...plan.names] },
    }),
  };
}
