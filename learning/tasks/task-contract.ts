import { z } from 'zod';
import type { FeatureSpec } from './feature-spec.ts';
import type { ForecastPlan } from './forecast-plan.ts';
import type { RegressionPlan, RowSpec } from './regression-problem.ts';

/** What a model of a task was promised: everything a prediction from a file needs. Written beside the model and into its metadata. */
export type TaskContract = z.infer<typeof taskContractSchema>;

const names = z.array(z.string());
const ticks = z.int().min(0);
const featureSpec = z.union([
  z.object({ op: z.enum(['value', 'mean', 'median', 'deviation', 'min', 'max']), series: z.string(), ticks, lag: ticks }),
  z.object({ op: z.enum(['diff', 'size', 'since']), series: z.string(), ticks }),
  z.object({ op: z.literal('change'), series: z.string(), ticks, by: ticks }),
  z.object({ op: z.literal('clock'), period: z.enum(['day', 'week']), wave: z.enum(['sin', 'cos']) }),
  z.object({ op: z.literal('group'), name: z.string() }),
]) satisfies z.ZodType<FeatureSpec>;
const rowSpec = z.union([
  z.object({ op: z.literal('column'), column: z.string() }),
  z.object({ op: z.enum(['product', 'ratio']), a: z.string(), b: z.string() }),
]) satisfies z.ZodType<RowSpec>;

const forecastPlan = z.object({
  stepMs: z.number().positive(),
  horizonTicks: z.int().min(1),
  bridgeTicks: ticks,
  series: names,
  specs: z.array(featureSpec).min(1),
  names,
  history: z.int().min(1),
  seasonLag: ticks.optional(),
});
const regressionPlan = z.object({ columns: names, specs: z.array(rowSpec).min(1), names });

const common = {
  schema: z.literal(1),
  task: z.string(),
  learner: z.string(),
  target: z.string(),
  unit: z.string(),
  better: z.enum(['lower', 'higher']),
  quantiles: z.tuple([z.literal(0.1), z.literal(0.5), z.literal(0.9)]),
  /** sha256 of the files it learned from. */
  data: names,
  seed: z.number(),
};

export const taskContractSchema = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('forecast'),
    time: z.string(),
    group: z.string().optional(),
    stepS: z.number().positive(),
    horizonS: z.number().positive(),
    plan: forecastPlan,
  }),
  z.object({ ...common, kind: z.literal('regression'), plan: regressionPlan }),
]);

/** A plan as it came back from a contract; optional keys that are absent are left out. */
export function forecastPlanOf({ plan }: Extract<TaskContract, { kind: 'forecast' }>): ForecastPlan {
  const { seasonLag, ...rest } = plan;
  return seasonLag === undefined ? rest : { ...rest, seasonLag };
}

export function regressionPlanOf({ plan }: Extract<TaskContract, { kind: 'regression' }>): RegressionPlan {
  return plan;
}
