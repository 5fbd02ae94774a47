import type { Objective } from '../domain/config.ts';
import type { Frame } from '../domain/frame.ts';
import { kpiKey, scoreOf } from '../domain/objective.ts';
import type { FeaturePlan } from './contract.ts';
import { appFeatures, siteFeatures, writeRow } from './features.ts';
import type { Facts } from './features.ts';
import type { Visit } from './profile.ts';

/** Rows of known quality: features of a site at t, the target at t + horizon, when the app ran there. */
export interface Dataset {
  readonly names: readonly string[];
  readonly n: number;
  /** `[n][names]`, NaN = missing. */
  readonly rows: Float32Array;
  /** In the target's own unit. */
  readonly target: Float64Array;
  /** Index of the visit the target lies in: the unit that is held out. */
  readonly visit: Int32Array;
  readonly site: readonly string[];
  /** Epoch ms of the target. */
  readonly timeMs: Float64Array;
  /** The target at t where the app was on the site already; NaN elsewhere. */
  readonly last: Float64Array;
}

export interface Sources {
  readonly frames: readonly Frame[];
  readonly visits: readonly Visit[];
  readonly objective: Objective;
  readonly facts: Facts;
  /** Seconds at the beginning of a visit that do not count. */
  readonly settleS: number;
}

/** The series predicted: the one KPI, or `qos` where the objective has several. */
export function targetOf(objective: Objective): { name: string; better: 'lower' | 'higher' } {
  const [kpi, ...others] = objective.kpis;
  if (kpi && others.length === 0) return { name: kpiKey(kpi), better: kpi.better };
  return { name: 'qos', better: 'higher' };
}

/** The target of a frame at every tick; NaN = unknown. */
export function targetValues(frame: Frame, objective: Objective): Float64Array {
  const keys = objective.kpis.map(kpiKey);
  const series = keys.map((key) => frame.app.series.indexOf(key));
  const at = (s: number, tick: number): number => (s < 0 ? NaN : frame.app.values[s * frame.grid.ticks + tick]!);
  return Float64Array.from({ length: frame.grid.ticks }, (_, tick) => {
    if (keys.length === 1) return at(series[0]!, tick);
    return scoreOf(objective, Object.fromEntries(keys.map((key, k) => [key, at(series[k]!, tick)])));
  });
}

/** Every tick of every observed visit whose features and target are known. */
export function buildDataset(plan: FeaturePlan, sources: Sources): Dataset {
  const width = plan.names.length;
  const found: { row: Float32Array; target: number; visit: number; site: string; timeMs: number; last: number }[] = [];
  for (const frame of sources.frames) {
    const targets = targetValues(frame, sources.objective);
    for (let t = 0; t + plan.horizonTicks < frame.grid.ticks; t++) {
      const then = t + plan.horizonTicks;
      const timeMs = tickMs(frame, then);
      const place = frame.app.placed[then]!;
      const site = frame.sites.sites[place];
      const visit = site === undefined ? -1 : visitAt(sources, site, timeMs);
      if (site === undefined || visit < 0 || !Number.isFinite(targets[then]!)) continue;
      const row = new Float32Array(width);
      const history = siteFeatures(plan, { ...frame, facts: sources.facts }, t);
      if (!writeRow(plan, history, appFeatures(plan, history, frame.app), place, row, 0)) continue;
      const last = frame.app.placed[t] === place ? targets[t]! : NaN;
      found.push({ row, target: targets[then]!, visit, site, timeMs, last });
    }
  }
  const rows = new Float32Array(found.length * width);
  found.forEach((f, i) => rows.set(f.row, i * width));
  return {
    names: plan.names,
    n: found.length,
    rows,
    target: Float64Array.from(found, (f) => f.target),
    visit: Int32Array.from(found, (f) => f.visit),
    site: found.map((f) => f.site),
    timeMs: Float64Array.from(found, (f) => f.timeMs),
    last: Float64Array.from(found, (f) => f.last),
  };
}

/** The rows at these indices, in this order. */
export function subset(data: Dataset, indices: readonly number[]): Dataset {
  const width = data.names.length;
  const rows = new Float32Array(indices.length * width);
  indices.forEach((from, to) => rows.set(data.rows.subarray(from * width, (from + 1) * width), to * width));
  return {
    names: data.names,
    n: indices.length,
    rows,
    target: Float64Array.from(indices, (i) => data.target[i]!),
    visit: Int32Array.from(indices, (i) => data.visit[i]!),
    site: indices.map((i) => data.site[i]!),
    timeMs: Float64Array.from(indices, (i) => data.timeMs[i]!),
    last: Float64Array.from(indices, (i) => data.last[i]!),
  };
}

/** A tick carries the newest sample up to its end. */
export function tickMs(frame: Frame, tick: number): number {
  return frame.grid.startMs + (tick + 1) * frame.grid.stepMs;
}

function visitAt(sources: Sources, site: string, timeMs: number): number {
  const settleMs = sources.settleS * 1000;
  return sources.visits.findIndex((v) => v.outcome === 'observed' && v.site === site && timeMs > v.fromMs + settleMs && timeMs <= v.toMs);
}
