import type { Objective } from '../domain/config.ts';
import type { Frame } from '../domain/frame.ts';
import { kpiKey, scoreOf } from '../domain/objective.ts';
import type { FeaturePlan } from './contract.ts';
import { appFeatures, siteFeatures, writeRow } from './features.ts';
import type { Facts } from './features.ts';
import { meanOf } from './history.ts';
import type { Visit } from './profile.ts';

/** Rows of known quality: features of a site at t, the target at t + horizon, when the app ran there. */
export interface Dataset {
  readonly names: readonly string[];
  readonly n: number;
  /** `[n][names]`, NaN = missing. */
  readonly rows: Float32Array;
  /** In the target's own unit. */
  readonly target: Float64Array;
  /** Which visit the target lies in, numbered by time: the unit that is held out. Visits at the same time share a number: what they saw is one event. */
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

/** The target of a frame, each KPI averaged over `ticks` ticks from every tick on; NaN = unknown, or the app was not on one site throughout. */
export function targetValues(frame: Frame, objective: Objective, ticks: number): Float64Array {
  const keys = objective.kpis.map(kpiKey);
  const series = keys.map((key) => frame.app.series.indexOf(key));
  return Float64Array.from({ length: frame.grid.ticks }, (_, tick) => {
    const end = Math.min(tick + ticks, frame.grid.ticks);
    for (let t = tick; t < end; t++) if (frame.app.placed[t] !== frame.app.placed[tick]) return NaN;
    const mean = (s: number): number => (s < 0 ? NaN : meanOf(frame.app.values, s * frame.grid.ticks + tick, end - tick));
    if (keys.length === 1) return mean(series[0]!);
    return scoreOf(objective, Object.fromEntries(keys.map((key, k) => [key, mean(series[k]!)])));
  });
}

/** As outcomes are observed: over the samples within one step before and after the target time. */
const AROUND = 2;

/** Every tick of every observed visit whose features and target are known. */
export function buildDataset(plan: FeaturePlan, sources: Sources): Dataset {
  const width = plan.names.length;
  const groups = concurrentVisits(sources.visits);
  const found: { row: Float32Array; target: number; visit: number; site: string; timeMs: number; last: number }[] = [];
  for (const frame of sources.frames) {
    const targets = targetValues(frame, sources.objective, AROUND);
    const now = targetValues(frame, sources.objective, 1);
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
      const last = frame.app.placed[t] === place ? now[t]! : NaN;
      found.push({ row, target: targets[then]!, visit: groups[visit]!, site, timeMs, last });
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

/** A number for each visit, ascending in time; the same for visits that overlap. */
function concurrentVisits(visits: readonly Visit[]): Int32Array {
  const numbers = new Int32Array(visits.length);
  let number = -1;
  let overMs = -Infinity;
  for (const i of [...visits.keys()].sort((a, b) => visits[a]!.fromMs - visits[b]!.fromMs)) {
    if (visits[i]!.fromMs >= overMs) number++;
    numbers[i] = number;
    overMs = Math.max(overMs, visits[i]!.toMs);
  }
  return numbers;
}
