import type { Frame } from '../domain/frame.ts';
import type { FeaturePlan } from './contract.ts';
import { appFeatures, featureNames, siteFeatures } from './features.ts';
import type { Facts } from './features.ts';

export interface PlanRequest {
  readonly frames: readonly Frame[];
  readonly facts: Facts;
  readonly horizonS: number;
  /** Sites with a feature of their own: those the profile visited. */
  readonly sites: readonly string[];
  /** Site series that must not be used, e.g. because the app's own trouble shows in them. */
  readonly except?: readonly string[];
}

/** Lags of half-second steps that catch phases of seconds; a longer step gets the same in ticks. */
const LAGS = [0, 1, 2, 4, 6, 8, 12, 16, 24, 32];
const OTHER_LAGS = [0, 2, 4, 8, 16];
const WINDOWS = [4, 16];
const BRIDGE = 3;

/** Chooses features from what the frames hold. Levels are left out: `fitLevels` takes them from training ticks only. Throws RangeError. */
export function planFeatures(request: PlanRequest): FeaturePlan {
  const stepMs = stepOf(request.frames);
  const horizonTicks = Math.max(1, Math.round((request.horizonS * 1000) / stepMs));
  const longest = Math.max(...request.frames.map((f) => f.grid.ticks));
  // Four horizons of past, but never so much that most rows of a short profile would lack it.
  const maxLag = Math.min(32, Math.max(4, 4 * horizonTicks), Math.max(1, Math.floor(longest / 4)));
  const lags = LAGS.filter((lag) => lag <= maxLag);
  const history = lags[lags.length - 1]! + 1;
  const plan = {
    stepMs,
    horizonTicks,
    siteSeries: knownSeries(request.frames, 'sites').filter((x) => !request.except?.includes(x) && tellsSitesApart(request.frames, x)),
    appSeries: appSeriesOf(request.frames),
    facts: factsOf(request),
    lags,
    otherLags: sitesOf(request.frames).size > 1 ? OTHER_LAGS.filter((lag) => lag <= maxLag) : [],
    windows: WINDOWS.filter((w) => w <= history),
    bridge: BRIDGE,
    levels: {},
    history,
    oneHotSites: [...request.sites],
  };
  return { ...plan, names: featureNames(plan) };
}

/** The plan of a plain baseline: it knows which site is meant and nothing else. */
export function planBaseline(plan: FeaturePlan): FeaturePlan {
  const bare = { ...plan, siteSeries: [], appSeries: [], facts: [], lags: [], otherLags: [], windows: [], levels: {}, history: 1 };
  return { ...bare, names: featureNames(bare) };
}

/** Adds the level of each series and of the mean over the other sites, half-way between p20 and p80 of the ticks that `include` admits. */
export function fitLevels(
  plan: FeaturePlan,
  request: { frames: readonly Frame[]; include: (frame: number, tick: number) => boolean },
): FeaturePlan {
  const seen = new Map<string, number[]>();
  const note = (name: string, value: number): void => {
    if (Number.isNaN(value)) return;
    const values = seen.get(name);
    if (values) values.push(value);
    else seen.set(name, [value]);
  };
  const now = { ...plan, lags: [0], otherLags: [], windows: [], history: 1 };
  request.frames.forEach((frame, f) => {
    const stride = Math.max(1, Math.ceil(frame.grid.ticks / 5000));
    for (let tick = 0; tick < frame.grid.ticks; tick += stride) if (request.include(f, tick)) noteTick(now, frame, tick, note);
  });
  const levels: Record<string, number> = {};
  for (const [name, values] of seen) levels[name] = middle(values);
  return { ...plan, levels };
}

function noteTick(plan: FeaturePlan, frame: Frame, tick: number, note: (name: string, value: number) => void): void {
  const { past } = appFeatures(plan, siteFeatures(plan, { ...frame, facts: {} }, tick), frame.app);
  const n = frame.sites.sites.length;
  plan.siteSeries.forEach((name, x) => {
    for (let s = 0; s < n; s++) {
      const value = past.values[x * n + s]!;
      note(name, value);
      if (!Number.isNaN(value) && past.counts[x]! > 1) note(`others_${name}`, (past.sums[x]! - value) / (past.counts[x]! - 1));
    }
  });
}

function middle(values: number[]): number {
  values.sort((a, b) => a - b);
  return (values[Math.floor(0.2 * (values.length - 1))]! + values[Math.ceil(0.8 * (values.length - 1))]!) / 2;
}

function stepOf(frames: readonly Frame[]): number {
  const steps = new Set(frames.map((f) => f.grid.stepMs));
  const [step] = steps;
  if (step === undefined) throw new RangeError('frames: there is none to learn from');
  if (steps.size > 1) throw new RangeError(`frames: they differ in step: ${[...steps].join(' ms, ')} ms`);
  if (!(step > 0)) throw new RangeError(`frames: a step of ${step} ms`);
  return step;
}

function sitesOf(frames: readonly Frame[]): Set<string> {
  return new Set(frames.flatMap((f) => [...f.sites.sites]));
}

/** Series of which at least a fifth of the values is known. */
function knownSeries(frames: readonly Frame[], block: 'sites' | 'app'): string[] {
  const known = new Map<string, { known: number; all: number }>();
  for (const { grid, ...frame } of frames) {
    const { series, values } = frame[block];
    for (let i = 0; i < values.length; i++) {
      const name = series[Math.floor(i / grid.ticks) % series.length]!;
      const count = known.get(name) ?? { known: 0, all: 0 };
      count.all++;
      if (Number.isFinite(values[i]!)) count.known++;
      known.set(name, count);
    }
  }
  return [...known]
    .filter(([, count]) => count.known >= 0.2 * count.all)
    .map(([name]) => name)
    .sort();
}

/**
 * A series that is the same on every site (pressure of the whole machine) says nothing of where to go, but carries the trouble of the present
 * site, the app's own included, to every candidate.
 */
function tellsSitesApart(frames: readonly Frame[], name: string): boolean {
  return frames.some(({ grid, sites }) => {
    const series = sites.series.indexOf(name);
    const at = (site: number, tick: number): number => sites.values[(site * sites.series.length + series) * grid.ticks + tick]!;
    if (series < 0 || sites.sites.length < 2) return series >= 0;
    return sites.sites.some((_, site) => Array.from({ length: grid.ticks }, (_, t) => t).some((t) => Math.abs(at(site, t) - at(0, t)) > 0));
  });
}

/** Load, and the own use that has a counterpart among the series of the site; never a KPI or the delay of the app's process. */
function appSeriesOf(frames: readonly Frame[]): string[] {
  const site = new Set(knownSeries(frames, 'sites'));
  return knownSeries(frames, 'app').filter((x) => x === 'load' || x === 'app_cpu_cores' || (x.startsWith('app_') && site.has(x.slice(4))));
}

function factsOf(request: PlanRequest): string[] {
  const visited = request.sites.map((site) => request.facts[site] ?? {});
  return [...new Set(visited.flatMap((facts) => Object.keys(facts)))].sort();
}
