import { createHash } from 'node:crypto';
import type { Kpi, Objective } from './config.ts';
import type { Quantiles } from './decision.ts';

/** Series name of a KPI as telemetry and frames carry it: `kpi_<name>_<unit>`. */
export function kpiKey(kpi: Pick<Kpi, 'name' | 'unit'>): string {
  return `kpi_${kpi.name}_${kpi.unit}`;
}

/** Whether a value is outside the bounds of its KPI, if it has any. */
export function isOutside({ bounds }: Kpi, value: number): boolean {
  return value < (bounds?.min ?? -Infinity) || value > (bounds?.max ?? Infinity);
}

/** Score in [0,1] of one KPI value: 0 at `worst`, 1 at `best`, clipped beyond; 0 outside its bounds; NaN = unknown. */
export function kpiScore(kpi: Kpi, value: number): number {
  if (isOutside(kpi, value)) return 0;
  const x = onScale(kpi, value);
  const worst = onScale(kpi, kpi.worst);
  const share = (x - worst) / (onScale(kpi, kpi.best) - worst);
  // best = worst has no scale at all; 0/0 is NaN by itself, x/0 would be clipped to a false 0 or 1.
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : NaN;
}

/**
 * QoS score in [0,1], 1 best: the mean of the KPI scores by weight. `kpis` is keyed by `kpiKey`.
 * NaN if any KPI of the objective is absent, not finite or, on a log scale, not positive: part of the truth is no truth.
 */
export function scoreOf(objective: Objective, kpis: Readonly<Record<string, number>>): number {
  return scoreOfValues(
    objective.kpis,
    objective.kpis.map((kpi) => kpis[kpiKey(kpi)] ?? NaN),
  );
}

/** The same of one value per KPI, in their order. One outside its bounds makes it 0, unless another is unknown. */
export function scoreOfValues(kpis: readonly Kpi[], values: readonly number[]): number {
  let sum = 0;
  let weights = 0;
  let outside = false;
  for (let k = 0; k < kpis.length; k++) {
    const [kpi, value] = [kpis[k], values[k] ?? NaN];
    if (!kpi) continue;
    sum += kpi.weight * kpiScore(kpi, value);
    weights += kpi.weight;
    outside ||= isOutside(kpi, value);
  }
  // Rounding of the weighted sum may end a few ulp above 1.
  return outside && !Number.isNaN(sum) ? 0 : Math.min(1, sum / weights);
}

/**
 * Score quantiles from the KPI quantiles of an objective with one KPI. Where lower is better the ends change places:
 * p10 of the score, its pessimistic end, is p90 of the latency. Throws RangeError for an objective with several KPIs,
 * because quantiles of parts do not give quantiles of the whole.
 */
export function scoreQuantiles(objective: Objective, kpi: Quantiles): Quantiles {
  const [only, ...others] = objective.kpis;
  if (!only || others.length > 0)
    throw new RangeError(`quantiles of one KPI cannot be scored by an objective with ${objective.kpis.length}`);
  const [low, high] = only.best < only.worst ? [kpi.p90, kpi.p10] : [kpi.p10, kpi.p90];
  const scores = { p10: kpiScore(only, low), p50: kpiScore(only, kpi.p50), p90: kpiScore(only, high) };
  if (!only.bounds || !(scores.p10 + scores.p50 + scores.p90 >= 0)) return scores;
  // Beyond a bound on its good side a KPI scores 0 again, so that its order is not that of the score.
  const [p10 = NaN, p50 = NaN, p90 = NaN] = Object.values(scores).sort((a, b) => a - b);
  return { p10, p50, p90 };
}

/** The KPI value that has this score, for display; a score outside [0,1] is read as the nearer end, NaN stays NaN. */
export function kpiAtScore(kpi: Kpi, score: number): number {
  const s = Math.min(1, Math.max(0, score));
  if (kpi.scale === 'linear') return kpi.worst + s * (kpi.best - kpi.worst);
  return kpi.worst * Math.pow(kpi.best / kpi.worst, s);
}

/**
 * sha256 (hex) of what makes the score: the KPIs, whatever order they and their keys were written in. The SLO is left out,
 * because it changes what is good enough and not what a model has learned.
 */
export function objectiveDigest(objective: Objective): string {
  const parts = objective.kpis
    .map((k) =>
      JSON.stringify([
        k.name,
        k.unit,
        k.better,
        k.best,
        k.worst,
        k.scale,
        k.weight,
        ...(k.bounds ? [k.bounds.min ?? null, k.bounds.max ?? null] : []),
      ]),
    )
    .sort();
  return createHash('sha256')
    .update(`[${parts.join(',')}]`)
    .digest('hex');
}

function onScale(kpi: Kpi, value: number): number {
  if (!Number.isFinite(value)) return NaN;
  if (kpi.scale === 'linear') return value;
  return value > 0 ? Math.log(value) : NaN;
}
