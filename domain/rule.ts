import type { Kpi, Objective } from './config.ts';
import type { AppBlock, Grid, SiteBlock } from './frame.ts';
import { kpiKey, scoreOfValues } from './objective.ts';

export interface RuleLimits {
  /** Newest ticks that count; a series without a sample in them is unknown. */
  readonly ticks: number;
  /** Wall over CPU time of the probe from which a site is saturated. */
  readonly ratio: number;
  /** Share of a site's cores used by others from which it is saturated. */
  readonly busyShare: number;
  /** Cores of a site whose telemetry has no `capacity_cores`; a site of the local connector is one core. */
  readonly cores: number;
}

/** Score of a site that is as bad as can be but not saturated: 0 is kept for saturated, because it bars a site from every move. */
const LEAST = 1e-6;

export const RULE_LIMITS: RuleLimits = { ticks: 5, ratio: 2, busyShare: 0.9, cores: 1 };

/** What the rule knows of the sites, computed once per look; NaN = unknown. */
export interface SiteRule {
  readonly grid: Grid;
  readonly limits: RuleLimits;
  /** Expected slowdown of each site: median `probe_ratio`, at least 1. */
  readonly ratio: Float64Array;
  /** Median of all CPU in use, in cores. */
  readonly usedCores: Float64Array;
  readonly capacityCores: Float64Array;
}

export interface RuleScores {
  /** Score of the app on each site if nothing changed from now on; 0 on another site that is saturated; NaN = cannot tell. */
  readonly scores: Float32Array;
  /** 1 = saturated by others. */
  readonly saturated: Uint8Array;
}

/** Medians of the newest ticks of every site: the part of the rule that all apps share. */
export function siteRule(grid: Grid, sites: SiteBlock, limits: RuleLimits = RULE_LIMITS): SiteRule {
  const medians = (name: string) => {
    const s = sites.series.indexOf(name);
    return Float64Array.from(sites.sites, (_, i) =>
      s < 0 ? NaN : recentMedian(sites.values, (i * sites.series.length + s) * grid.ticks, { grid, limits }),
    );
  };
  return {
    grid,
    limits,
    ratio: medians('probe_ratio').map((r) => (r > 0 ? Math.max(1, r) : NaN)),
    usedCores: medians('cpu_cores').map((c) => (c >= 0 ? c : NaN)),
    capacityCores: medians('capacity_cores').map((c) => (c > 0 ? c : limits.cores)),
  };
}

/**
 * The plain rule for one app that is on site `present` (-1 = unknown: nothing can be told). The present site scores what is observed there now;
 * another site what is observed now, with every lower-is-better KPI scaled by the ratio of the two slowdowns. Higher-is-better KPIs are taken
 * over unchanged. It looks at nothing but the last ticks and learns nothing, so it is what a model must not contradict.
 */
export function ruleScores(rule: SiteRule, app: AppBlock, { objective, present }: { objective: Objective; present: number }): RuleScores {
  const n = rule.ratio.length;
  const scores = new Float32Array(n).fill(NaN);
  const saturated = new Uint8Array(n);
  const own = seriesMedian(rule, app, 'app_cpu_cores');
  for (let i = 0; i < n; i++) saturated[i] = isSaturated(rule, i, i === present ? own : 0) ? 1 : 0;
  if (present < 0 || present >= n) return { scores, saturated };

  const observed = objective.kpis.map((kpi) => observedKpi(rule, app, kpiKey(kpi), present));
  const here = rule.ratio[present] ?? NaN;
  for (let i = 0; i < n; i++) {
    const factor = i === present ? 1 : (rule.ratio[i] ?? NaN) / here;
    scores[i] = i !== present && saturated[i] ? 0 : Math.max(LEAST, scaledScore(objective.kpis, observed, factor));
  }
  return { scores, saturated };
}

/**
 * What the app would score on another site, saturated or not: to measure by, not to choose by, for there saturated is 0. NaN = cannot tell.
 * It is on the site `present`.
 */
export function scoreElsewhere(
  rule: SiteRule,
  app: AppBlock,
  { objective, present, site }: { objective: Objective; present: number; site: number },
): number {
  const observed = objective.kpis.map((kpi) => observedKpi(rule, app, kpiKey(kpi), present));
  return scaledScore(objective.kpis, observed, (rule.ratio[site] ?? NaN) / (rule.ratio[present] ?? NaN));
}

function scaledScore(kpis: readonly Kpi[], observed: readonly number[], factor: number): number {
  // Without a slowdown to compare, nothing is known of the site, whatever the KPIs are.
  if (!Number.isFinite(factor)) return NaN;
  return scoreOfValues(
    kpis,
    kpis.map((kpi, k) => (observed[k] ?? NaN) * (kpi.better === 'lower' ? factor : 1)),
  );
}

function isSaturated(rule: SiteRule, site: number, ownCores: number): boolean {
  const foreign = (rule.usedCores[site] ?? NaN) - ownCores;
  // A comparison with NaN is false: what is unknown does not accuse a site.
  return (rule.ratio[site] ?? NaN) >= rule.limits.ratio || foreign >= rule.limits.busyShare * (rule.capacityCores[site] ?? NaN);
}

/** Median of the newest ticks in which the app was seen on the site it is on now: what it had elsewhere says nothing of here. */
function observedKpi(rule: SiteRule, app: AppBlock, key: string, present: number): number {
  const s = app.series.indexOf(key);
  if (s < 0) return NaN;
  return recentMedian(app.values, s * rule.grid.ticks, { ...rule, keep: (tick) => app.placed[tick] === present });
}

function seriesMedian(rule: SiteRule, app: AppBlock, key: string): number {
  const s = app.series.indexOf(key);
  return s < 0 ? NaN : recentMedian(app.values, s * rule.grid.ticks, rule);
}

interface Recent {
  readonly grid: Grid;
  readonly limits: RuleLimits;
  readonly keep?: (tick: number) => boolean;
}

function recentMedian(values: Float32Array, offset: number, { grid, limits, keep }: Recent): number {
  const known: number[] = [];
  for (let tick = Math.max(0, grid.ticks - limits.ticks); tick < grid.ticks; tick++) {
    const value = values[offset + tick] ?? NaN;
    if (Number.isFinite(value) && (!keep || keep(tick))) known.push(value);
  }
  known.sort((a, b) => a - b);
  const middle = known.length >> 1;
  const upper = known[middle] ?? NaN;
  return known.length % 2 === 1 ? upper : ((known[middle - 1] ?? NaN) + upper) / 2;
}
