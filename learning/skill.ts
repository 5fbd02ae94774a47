import { randomFrom } from './random.ts';

export interface Skill {
  /** 1 - error of the model / error of the baseline; 0 = no better, 1 = perfect. */
  readonly value: number;
  /** 90 % interval by resampling whole groups, because rows of one group are not independent. */
  readonly low: number;
  readonly high: number;
  /** 99 of 100 resamples show at least this much. */
  readonly surely: number;
}

/** Share of the error that a gain must make up before it counts as one. */
export const MARGIN = 0.02;

const RESAMPLES = 1000;

/** Skill of `model` over `baseline` from their absolute errors row by row. NaN where the baseline makes no error at all. */
export function skillOf(errors: { model: Float64Array; baseline: Float64Array; group: Int32Array }, seed: number): Skill {
  const groups = [...new Set(errors.group)];
  const model = groups.map((g) => sumWhere(errors.model, errors.group, g));
  const baseline = groups.map((g) => sumWhere(errors.baseline, errors.group, g));
  const random = randomFrom(seed);
  const draws = Float64Array.from({ length: RESAMPLES }, () => {
    const drawn = groups.map(() => Math.floor(random() * groups.length));
    return ratioSkill(
      drawn.map((d) => model[d]!),
      drawn.map((d) => baseline[d]!),
    );
  }).sort();
  return {
    value: ratioSkill(model, baseline),
    low: draws[Math.floor(0.05 * RESAMPLES)]!,
    high: draws[Math.ceil(0.95 * RESAMPLES) - 1]!,
    surely: draws[Math.floor(0.01 * RESAMPLES)]!,
  };
}

function ratioSkill(model: readonly number[], baseline: readonly number[]): number {
  return 1 - model.reduce((a, b) => a + b, 0) / baseline.reduce((a, b) => a + b, 0);
}

function sumWhere(values: Float64Array, group: Int32Array, g: number): number {
  return values.reduce((sum, v, i) => (group[i] === g ? sum + v : sum), 0);
}
