import { configSchema, type Config } from '../../domain/config.ts';

/** A fleet that exists only as telemetry. */
export interface FleetShape {
  readonly apps: number;
  readonly sites: number;
  /** Distinct models; app i is served by that of app i modulo this. */
  readonly models: number;
  /** Seconds between looks. */
  readonly everyS: number;
}

const pad = (n: number, width: number): string => String(n).padStart(width, '0');
export const appName = (i: number): string => `app-${pad(i, 5)}`;
export const siteName = (i: number): string => `site-${pad(i, 2)}`;
export const siteNames = (sites: number): string[] => Array.from({ length: sites }, (_, i) => siteName(i));

/** Where an app starts, by its number. */
export const homeOf = (app: string, sites: readonly string[]): string => sites[Number(app.slice('app-'.length)) % sites.length] ?? '';

/** Every other app of a site may move; the rest ask for a gain that nothing can give. */
const isRestless = (i: number, sites: number): boolean => Math.floor(i / sites) % 2 === 0;

/** Ticks that a look reads: the window of the default configuration, 600 s in steps of 15 s. */
export const WINDOW_TICKS = 40;

/** Seconds of a telemetry step: the default, or the interval of the looks where that is shorter. */
export const stepOf = ({ everyS }: Pick<FleetShape, 'everyS'>): number => Math.min(15, everyS);

/**
 * Defaults wherever they do not hinder the measurement: cool-down 60 s, horizon and freshness 30 s. One look is enough for a move, because of
 * fifty sites as good as each other another one is the best at every look. Budgets admit what one hot site sets off; a move settles after 1 s
 * and is watched for two telemetry steps, so that moves end within the run.
 */
export function fleetConfig(shape: FleetShape): Config {
  const { apps, sites, models, everyS } = shape;
  const stepS = stepOf(shape);
  const open = Math.max(5, Math.ceil(apps / 10));
  const perSite = Math.max(2, Math.ceil(apps / 50));
  const policy = {
    mode: 'automatic',
    sustained: { looks: 1, of: 2 },
    trust: { samples: 10 },
    ready: { stable: 1 },
    verify: { soak: Math.max(5, 2 * stepS), tolerance: 1 },
  } as const;
  return configSchema.parse({
    version: 1,
    sites: Object.fromEntries(siteNames(sites).map((site) => [site, {}])),
    objectives: { snappy: { kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 10, worst: 100, scale: 'log' }], slo: 0.8 } },
    policies: { restless: policy, steady: { ...policy, margin: { absolute: 1 } } },
    apps: Object.fromEntries(
      Array.from({ length: apps }, (_, i) => [
        appName(i),
        { objective: 'snappy', policy: isRestless(i, sites) ? 'restless' : 'steady', ...(i >= models && { model: appName(i % models) }) },
      ]),
    ),
    budgets: { fleet: open, namespace: open, source: 2 * perSite, destination: perSite },
    schedules: { look: { every: everyS } },
    telemetry: { step: stepS, window: WINDOW_TICKS * stepS },
  });
}

/** One site after another is hot for one interval: each look moves the restless apps of one site, about 1 % of the fleet. */
export function isHot(site: number, atMs: number, { sites, everyS }: FleetShape): boolean {
  return Math.floor(atMs / 1000 / everyS) % sites === site;
}
