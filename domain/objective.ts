import { createHash } from 'node:crypto';
import type { Kpi, Objective } from './config.ts';
import type { Quantiles } from './decision.ts';

/** Series name of a KPI as telemetry and frames carry it: `kpi_<name>_<unit>`. */
export function kpiKey(kpi: Pick<Kpi, 'name' | 'unit'>): string {
  return `kpi_${kpi.name}_${kpi.unit}`;
}

/** Score in [0,1] of one KPI value: 0 at `worst`, 1 at `best`, clipped beyond; NaN = unknown. */
export function kpiScore(kpi: Kpi, value: number): number {
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
  let sum = 0;
  let weights = 0;
  for (const kpi of objective.kpis) {
    sum += kpi.weight * kpiScore(kpi, kpis[kpiKey(kpi)] ?? NaN);
    weights += kpi.weight;
  }
  // Rounding of the weighted sum may end a few ulp above 1.
  return Math.min(1, sum / weights);
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
  return { p10: kpiScore(only, low), p50: kpiScore(only, kpi.p50), p90: kpiScore(only, high) };
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
  const parts = objective.kpis.map((k) => JSON.stringify([k.name, k.unit, k.better, k.best, k.worst, k.scale, k.weight])).sort();
  return createHash('sha256')
    .update(`[${parts.join(',')}]`)
    .digest('hex');
}

function onScale(kpi: Kpi, value: number): number {
  if (!Number.isFinite(value)) return NaN;
  if (kpi.scale === 'linear') return value;
  return value > 0 ? Math.log(value) : NaN;
}
