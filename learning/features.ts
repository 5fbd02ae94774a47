import type { AppBlock, Grid, SiteBlock } from '../domain/frame.ts';
import type { FeaturePlan } from './contract.ts';
import { fillHistory, maxOf, meanOf, ticksSince, workPerRequest } from './history.ts';

/** Site -> fact -> value, as configuration declares them. */
export type Facts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What features of one app on any of its sites are made from. `app.placed` indexes `sites.sites`. */
export interface FeatureInput {
  readonly grid: Grid;
  readonly sites: SiteBlock;
  readonly app: AppBlock;
  readonly facts: Facts;
}

/** The recent past of the sites: `values[series][site][lag]`, `sums` and `counts` of the known ones `[series][lag]`; NaN = unknown. */
interface Past {
  readonly values: Float64Array;
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/** The sites up to one tick, made once and used for every app. */
export interface SiteHistory {
  readonly tick: number;
  readonly ticks: number;
  readonly sites: SiteBlock;
  readonly past: Past;
  /** Site features as they are without any app's own use in them: `[site][siteFeatureCount]`. */
  readonly shared: Float32Array;
}

/** What one app changes in the picture of the sites: its own use taken out, and what it asks for. */
export interface AppHistory {
  readonly past: Past;
  /** `[site]`: 1 where own use was, or may have been, at some lag. */
  readonly touched: Uint8Array;
  readonly demand: Float32Array;
}

/** Features made from telemetry and facts of the sites; the app's demand follows them in a row. */
export function siteFeatureCount(plan: FeaturePlan): number {
  return plan.siteSeries.length * seriesWidth(plan) + plan.facts.length + plan.oneHotSites.length;
}

/** Names in the order in which rows are written. */
export function featureNames(plan: Omit<FeaturePlan, 'names'>): string[] {
  const names: string[] = [];
  for (const x of plan.siteSeries) {
    for (const lag of plan.lags) names.push(`${x}@${lag}`);
    for (const w of plan.windows) names.push(`${x}_mean${w}`, `${x}_max${w}`);
    names.push(`${x}_since_high_s`, `${x}_since_low_s`);
    for (const lag of plan.otherLags) names.push(`others_${x}@${lag}`);
    names.push(`others_${x}_since_high_s`, `others_${x}_since_low_s`);
  }
  for (const fact of plan.facts) names.push(`fact_${fact}`);
  for (const site of plan.oneHotSites) names.push(`site_is_${site}`);
  if (plan.appSeries.includes('load')) names.push('load', 'load_mean');
  if (hasWork(plan)) names.push('work_per_request');
  return names;
}

/** Site-only features at a tick, once for all apps. */
export function siteFeatures(plan: FeaturePlan, input: Omit<FeatureInput, 'app'>, tick: number): SiteHistory {
  const { sites, grid } = input;
  const n = sites.sites.length;
  const past = emptyPast(plan, n);
  for (let x = 0; x < plan.siteSeries.length; x++) {
    for (let s = 0; s < n; s++) {
      fillHistory(plan, past.values, (x * n + s) * plan.history, siteValues(plan, sites, grid.ticks, tick, x, s));
      addSite(plan, past, n, x, s, 1);
    }
  }
  const width = siteFeatureCount(plan);
  const shared = new Float32Array(n * width);
  for (let s = 0; s < n; s++) {
    writeOwn(plan, past, n, s, shared, s * width);
    writeOthers(plan, past, n, s, shared, s * width);
    writeFacts(plan, sites.sites[s]!, input.facts, shared, s * width);
  }
  return { tick, ticks: grid.ticks, sites, past, shared };
}

/** Takes the app's own use out of the sites it was on, and adds what it asks for. */
export function appFeatures(plan: FeaturePlan, history: SiteHistory, app: AppBlock): AppHistory {
  const n = history.sites.sites.length;
  const touched = new Uint8Array(n);
  const demand = demandOf(plan, history, app);
  const subtracted = plan.siteSeries.map((x) => plan.appSeries.includes(`app_${x}`));
  if (!subtracted.includes(true)) return { past: history.past, touched, demand };

  const where = placedHistory(plan, history, app, touched);
  const { values, sums, counts } = history.past;
  const past: Past = { values: values.slice(), sums: sums.slice(), counts: counts.slice() };
  for (let x = 0; x < plan.siteSeries.length; x++) {
    if (!subtracted[x]) continue;
    const own = appValues(history, app, `app_${plan.siteSeries[x]!}`);
    for (let s = 0; s < n; s++) {
      if (touched[s] === 0) continue;
      const all = siteValues(plan, history.sites, history.ticks, history.tick, x, s);
      addSite(plan, past, n, x, s, -1);
      fillHistory(plan, past.values, (x * n + s) * plan.history, (lag) => {
        if (where[lag] === s) return all(lag) - own(lag);
        return where[lag]! < 0 ? NaN : all(lag);
      });
      addSite(plan, past, n, x, s, 1);
    }
  }
  return { past, touched, demand };
}

/** Writes the row of one site; false if nothing is known of the site now, and then the row means nothing. */
export function writeRow(
  plan: FeaturePlan,
  history: SiteHistory,
  app: AppHistory,
  site: number,
  out: Float32Array,
  offset: number,
): boolean {
  const width = siteFeatureCount(plan);
  const n = history.sites.sites.length;
  out.set(history.shared.subarray(site * width, (site + 1) * width), offset);
  if (app.past !== history.past) {
    if (app.touched[site] === 1) writeOwn(plan, app.past, n, site, out, offset);
    writeOthers(plan, app.past, n, site, out, offset);
  }
  out.set(app.demand, offset + width);
  return plan.siteSeries.length === 0 || plan.siteSeries.some((_, x) => !Number.isNaN(app.past.values[(x * n + site) * plan.history]!));
}

/**
 * Writes the features of an app on the site at `siteIndex`, as known at `tick`, into `out` at `offset` (`plan.names.length` values).
 * Counterfactual: nothing in it tells whether the app is there. False = cannot tell.
 */
export function fillFeatures(
  plan: FeaturePlan,
  input: FeatureInput,
  siteIndex: number,
  tick: number,
  out: Float32Array,
  offset: number,
): boolean {
  const history = siteFeatures(plan, input, tick);
  return writeRow(plan, history, appFeatures(plan, history, input.app), siteIndex, out, offset);
}

function seriesWidth(plan: Omit<FeaturePlan, 'names'>): number {
  return plan.lags.length + 2 * plan.windows.length + 2 + plan.otherLags.length + 2;
}

function hasWork(plan: Omit<FeaturePlan, 'names'>): boolean {
  return plan.appSeries.includes('load') && plan.appSeries.includes('app_cpu_cores');
}

function emptyPast(plan: FeaturePlan, sites: number): Past {
  const size = plan.siteSeries.length * plan.history;
  return { values: new Float64Array(size * sites), sums: new Float64Array(size), counts: new Float64Array(size) };
}

function siteValues(plan: FeaturePlan, sites: SiteBlock, ticks: number, tick: number, x: number, s: number): (lag: number) => number {
  const series = sites.series.indexOf(plan.siteSeries[x]!);
  const newest = (s * sites.series.length + series) * ticks + tick;
  return (lag) => (series < 0 || lag > tick || tick - lag >= ticks ? NaN : sites.values[newest - lag]!);
}

function appValues(history: SiteHistory, app: AppBlock, name: string): (lag: number) => number {
  const series = app.series.indexOf(name);
  const newest = series * history.ticks + history.tick;
  return (lag) => (series < 0 || lag > history.tick || history.tick - lag >= history.ticks ? NaN : app.values[newest - lag]!);
}

function addSite(plan: FeaturePlan, past: Past, n: number, x: number, s: number, sign: 1 | -1): void {
  const from = (x * n + s) * plan.history;
  const to = x * plan.history;
  for (let lag = 0; lag < plan.history; lag++) {
    const value = past.values[from + lag]!;
    if (Number.isNaN(value)) continue;
    past.sums[to + lag] = past.sums[to + lag]! + sign * value;
    past.counts[to + lag] = past.counts[to + lag]! + sign;
  }
}

/** Site of the app at each lag, bridged. Where it is unknown (-1) any site may hold its use, so all are touched. */
function placedHistory(plan: FeaturePlan, history: SiteHistory, app: AppBlock, touched: Uint8Array): Int16Array {
  const depth = plan.history + plan.bridge;
  const where = new Int16Array(depth);
  let known = -1;
  let age = Infinity;
  for (let lag = depth - 1 + plan.bridge; lag >= 0; lag--) {
    const tick = history.tick - lag;
    const place = tick >= 0 && tick < history.ticks ? app.placed[tick]! : -1;
    age = place >= 0 ? 0 : age + 1;
    if (age === 0) known = place;
    if (lag >= depth) continue;
    where[lag] = age <= plan.bridge ? known : -1;
    if (where[lag]! >= 0) touched[where[lag]!] = 1;
    else if (tick >= 0) touched.fill(1);
  }
  return where;
}

function writeOwn(plan: FeaturePlan, past: Past, n: number, site: number, out: Float32Array, offset: number): void {
  const stepS = plan.stepMs / 1000;
  for (let x = 0; x < plan.siteSeries.length; x++) {
    const at = (x * n + site) * plan.history;
    const level = plan.levels[plan.siteSeries[x]!] ?? NaN;
    let o = offset + x * seriesWidth(plan);
    for (const lag of plan.lags) out[o++] = past.values[at + lag]!;
    for (const w of plan.windows) {
      out[o++] = meanOf(past.values, at, w);
      out[o++] = maxOf(past.values, at, w);
    }
    out[o++] = stepS * ticksSince(past.values, at, plan.history, level, 1);
    out[o] = stepS * ticksSince(past.values, at, plan.history, level, -1);
  }
}

function writeOthers(plan: FeaturePlan, past: Past, n: number, site: number, out: Float32Array, offset: number): void {
  const stepS = plan.stepMs / 1000;
  const mean = new Float64Array(plan.history);
  for (let x = 0; x < plan.siteSeries.length; x++) {
    const at = (x * n + site) * plan.history;
    for (let lag = 0; lag < plan.history; lag++) mean[lag] = otherMean(past, x * plan.history + lag, past.values[at + lag]!);
    const level = plan.levels[`others_${plan.siteSeries[x]!}`] ?? NaN;
    let o = offset + (x + 1) * seriesWidth(plan) - plan.otherLags.length - 2;
    for (const lag of plan.otherLags) out[o++] = mean[lag]!;
    out[o++] = stepS * ticksSince(mean, 0, plan.history, level, 1);
    out[o] = stepS * ticksSince(mean, 0, plan.history, level, -1);
  }
}

function otherMean(past: Past, at: number, mine: number): number {
  const known = Number.isNaN(mine) ? 0 : 1;
  const count = past.counts[at]! - known;
  return count > 0 ? (past.sums[at]! - (known === 1 ? mine : 0)) / count : NaN;
}

function writeFacts(plan: FeaturePlan, site: string, facts: Facts, out: Float32Array, offset: number): void {
  let o = offset + plan.siteSeries.length * seriesWidth(plan);
  for (const fact of plan.facts) out[o++] = facts[site]?.[fact] ?? NaN;
  for (const one of plan.oneHotSites) out[o++] = one === site ? 1 : 0;
}

function demandOf(plan: FeaturePlan, history: SiteHistory, app: AppBlock): Float32Array {
  if (!plan.appSeries.includes('load')) return new Float32Array(0);
  const load = new Float64Array(plan.history);
  fillHistory(plan, load, 0, appValues(history, app, 'load'));
  const demand = [load[0]!, meanOf(load, 0, plan.history)];
  if (!hasWork(plan)) return Float32Array.from(demand);
  const cpu = new Float64Array(plan.history);
  fillHistory(plan, cpu, 0, appValues(history, app, 'app_cpu_cores'));
  return Float32Array.from([...demand, workPerRequest(load, cpu)]);
}
