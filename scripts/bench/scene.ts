import type { Scrape } from '../../domain/records.ts';
import type { Frame } from '../../domain/frame.ts';
import type { Visit } from '../../learning/profile.ts';
import { randomFrom } from '../../learning/random.ts';
import { siteNames } from './fleet.ts';

/** What telemetry shows of a site and of an app on it: the series that the local cluster's collector delivers, of machines with 32 cores. */
export function siteValues(hot: boolean, random: () => number): Readonly<Record<string, number>> {
  const jitter = 0.05 * (random() - 0.5);
  return {
    cpu_cores: (hot ? 28 : 6) * (1 + jitter),
    probe_ratio: (hot ? 3 : 1.1) * (1 + jitter),
    pressure_ratio: (hot ? 0.4 : 0.02) * (1 + jitter),
    capacity_cores: 32,
  };
}

export function appValues(hot: boolean, random: () => number): Readonly<Record<string, number>> {
  const load = 20 * (1 + 0.1 * (random() - 0.5));
  const latency = (hot ? 60 : 12) * Math.exp(0.2 * (random() - 0.5));
  return {
    load,
    kpi_latency_ms: latency,
    kpi_p95_ms: 1.6 * latency,
    app_cpu_cores: 0.006 * load,
    app_rundelay_ratio: (hot ? 0.3 : 0.01) * (1 + random()),
  };
}

interface Fleet {
  readonly sites: readonly string[];
  readonly apps: readonly { readonly app: string; readonly site: string }[];
  readonly isHot: (site: number) => boolean;
}

/** One scrape of the whole fleet; the same time gives the same figures. */
export function scrapeOf(atMs: number, { sites, apps, isHot }: Fleet): Scrape {
  const random = randomFrom(atMs / 1000);
  const hot = new Map(sites.map((site, i) => [site, isHot(i)]));
  return {
    atMs,
    sites: sites.map((site) => ({ site, values: siteValues(hot.get(site) ?? false, random) })),
    apps: apps.map(({ app, site }) => ({ app, placed: site, values: appValues(hot.get(site) ?? false, random) })),
  };
}

const SITE_SERIES = ['cpu_cores', 'probe_ratio', 'pressure_ratio', 'capacity_cores'];
const APP_SERIES = ['load', 'kpi_latency_ms', 'kpi_p95_ms', 'app_cpu_cores', 'app_rundelay_ratio'];
const VISIT_S = 120;
/** Longest and shortest time that a neighbour stays hot or quiet, in seconds: longer than any horizon that is learned here. */
const PHASE_S = [300, 900] as const;

/** A profile of one app that visits every site in turn, `rounds` times, while neighbours come and go on all of them. */
export function syntheticProfile({ app, sites: n, stepS, rounds }: { app: string; sites: number; stepS: number; rounds: number }): {
  frame: Frame;
  visits: Visit[];
} {
  const random = randomFrom(1);
  const sites = siteNames(n);
  const perVisit = Math.ceil(VISIT_S / stepS);
  const ticks = perVisit * n * rounds;
  const hot = sites.map(() => phases(ticks, stepS, random));
  const site = new Float32Array(n * SITE_SERIES.length * ticks);
  const own = new Float32Array(APP_SERIES.length * ticks);
  const placed = new Int16Array(ticks);
  for (let t = 0; t < ticks; t++) {
    const here = Math.floor(t / perVisit) % n;
    placed[t] = here;
    for (let s = 0; s < n; s++) {
      const values = siteValues(hot[s]?.[t] ?? false, random);
      SITE_SERIES.forEach((name, x) => (site[(s * SITE_SERIES.length + x) * ticks + t] = values[name] ?? NaN));
    }
    const values = appValues(hot[here]?.[t] ?? false, random);
    APP_SERIES.forEach((name, x) => (own[x * ticks + t] = values[name] ?? NaN));
  }
  const startMs = 1_700_000_000_000;
  const endMs = startMs + ticks * stepS * 1000;
  const visits = Array.from({ length: n * rounds }, (_, v): Visit => {
    const fromMs = startMs + v * perVisit * stepS * 1000;
    return { site: sites[v % n] ?? '', fromMs, toMs: fromMs + perVisit * stepS * 1000, outcome: 'observed' };
  });
  return {
    visits,
    frame: {
      grid: { startMs, stepMs: stepS * 1000, ticks },
      sites: { sites, series: SITE_SERIES, values: site, newestMs: new Float64Array(n).fill(endMs) },
      app: { app, series: APP_SERIES, values: own, placed, newestMs: endMs },
    },
  };
}

function phases(ticks: number, stepS: number, random: () => number): boolean[] {
  const hot: boolean[] = [];
  for (let on = random() < 0.5; hot.length < ticks; on = !on) {
    const length = Math.ceil((PHASE_S[0] + random() * (PHASE_S[1] - PHASE_S[0])) / stepS);
    hot.push(...Array.from({ length }, () => on));
  }
  return hot.slice(0, ticks);
}
