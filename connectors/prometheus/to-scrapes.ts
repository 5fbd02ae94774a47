import type { PrometheusConfig } from '../../domain/prometheus-config.ts';
import type { Scrape } from '../../domain/records.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import type { Series } from './reply.ts';
import { isUnknown, type Unknown } from './unknown.ts';

export interface Answers {
  readonly sites: ReadonlyMap<string, readonly Series[] | Unknown>;
  readonly apps: ReadonlyMap<string, readonly Series[] | Unknown>;
}

export interface Naming {
  readonly prometheus: PrometheusConfig;
  readonly sites: ReadonlySet<string>;
  readonly apps: ReadonlySet<string>;
}

export interface TakenIn {
  readonly scrapes: readonly Scrape[];
  /** What could not be used and why, a line per query; nothing of it became a value. */
  readonly problems: readonly string[];
}

interface Placed {
  readonly sites: Set<string>;
  /** Site -> series -> value; '' stands for a series that names no site. */
  readonly values: Map<string, Record<string, number>>;
}
interface Tick {
  readonly sites: Map<string, Record<string, number>>;
  readonly apps: Map<string, Placed>;
}

/** The series that tells where apps are and is no figure of them. */
const PLACED = 'placed';

/** What was answered, as scrapes by time. Two series for one name are a contradiction, and then neither counts. */
export function toScrapes(answers: Answers, naming: Naming): TakenIn {
  const ticks = new Map<number, Tick>();
  const problems: string[] = [];
  for (const [name, answer] of answers.sites) {
    for (const { site, series } of understood(answer, { name: `sites.${name}`, naming, problems, of: 'site' }))
      if (site !== undefined) eachSample(ticks, series, (tick, value) => void (entry(tick.sites, site)[name] = value));
  }
  for (const [name, answer] of answers.apps) {
    for (const { site, app, series } of understood(answer, { name: `apps.${name}`, naming, problems, of: 'app' }))
      if (app !== undefined) eachSample(ticks, series, (tick, value) => noteApp(tick, { app, site, name, value }));
  }
  const byPlaced = answers.apps.has(PLACED);
  const scrapes = [...ticks].sort(([a], [b]) => a - b).map(([atMs, tick]) => scrapeOf(atMs, tick, byPlaced));
  return { scrapes, problems };
}

interface Reading {
  readonly name: string;
  readonly naming: Naming;
  readonly problems: string[];
  readonly of: 'site' | 'app';
}
interface Named {
  readonly site?: string | undefined;
  readonly app?: string | undefined;
  readonly series: Series;
}

/** The series of one query with the names their labels stand for, without those that name nothing, or the same thing twice. */
function understood(answer: readonly Series[] | Unknown, { name, naming, problems, of }: Reading): readonly Named[] {
  if (isUnknown(answer)) {
    problems.push(`${name}: ${answer.reason}: ${answer.why}`);
    return [];
  }
  const { prometheus } = naming;
  const found = new Map<string, Named[]>();
  const strangers = new Set<string>();
  for (const series of answer) {
    const site = nameOf(series.labels[prometheus.siteLabel], prometheus.siteNames);
    const app = of === 'app' ? nameOf(series.labels[prometheus.appLabel], prometheus.appNames) : undefined;
    const lost = strangerIn({ site, app, of }, naming, series);
    if (lost !== undefined) strangers.add(lost);
    else found.set(`${app ?? ''} ${site ?? ''}`, [...(found.get(`${app ?? ''} ${site ?? ''}`) ?? []), { site, app, series }]);
  }
  for (const lost of [...strangers].slice(0, 5)) problems.push(`${name}: ${lost}`);
  const doubled = [...found.values()].filter((same) => same.length > 1);
  for (const [first] of doubled.slice(0, 5))
    problems.push(
      `${name}: more than one series for ${[first?.app, first?.site].filter((n) => n !== undefined).join(' on ')}; aggregate them, such as sum by (...)`,
    );
  return [...found.values()].flatMap((same) => (same.length === 1 ? same : []));
}

function nameOf(label: string | undefined, names: Readonly<Record<string, string>>): string | undefined {
  return label === undefined || label === '' ? undefined : (names[label] ?? label);
}

/** Why a series cannot be used; an app that berth does not look after, or a node that is no site, is nobody's mistake unless nothing is left. */
function strangerIn(
  { site, app, of }: { site: string | undefined; app: string | undefined; of: 'site' | 'app' },
  naming: Naming,
  { labels }: Series,
): string | undefined {
  const { siteLabel, appLabel } = naming.prometheus;
  const needed = of === 'site' ? site : app;
  const label = of === 'site' ? siteLabel : appLabel;
  if (needed === undefined) return `a series without the label ${label} (it has ${Object.keys(labels).join(', ') || 'none'})`;
  if (site !== undefined && !naming.sites.has(site)) return stranger(siteLabel, site, 'site', naming.sites);
  if (app !== undefined && !naming.apps.has(app)) return stranger(appLabel, app, 'app', naming.apps);
  return undefined;
}

function stranger(label: string, value: string, kind: 'site' | 'app', names: ReadonlySet<string>): string {
  const near = nearestName(value, [...names]);
  return `${label}="${value}" names no ${kind}${near === undefined ? '' : `; did you mean ${near}?`} (${kind}Names maps labels to names)`;
}

function eachSample(ticks: Map<number, Tick>, { timesMs, values }: Series, use: (tick: Tick, value: number) => void): void {
  timesMs.forEach((t, i) => {
    let tick = ticks.get(t);
    if (!tick) ticks.set(t, (tick = { sites: new Map(), apps: new Map() }));
    use(tick, values[i]!);
  });
}

function noteApp(tick: Tick, { app, site, name, value }: { app: string; site: string | undefined; name: string; value: number }): void {
  let placed = tick.apps.get(app);
  if (!placed) tick.apps.set(app, (placed = { sites: new Set(), values: new Map() }));
  if (name !== PLACED) entry(placed.values, site ?? '')[name] = value;
  else if (site !== undefined && value > 0) placed.sites.add(site);
}

/** An app seen on two sites at once is on its way: where it is, and which figures are its own, cannot be told. */
function scrapeOf(atMs: number, tick: Tick, byPlaced: boolean): Scrape {
  const apps = [...tick.apps].map(([app, { sites, values }]) => {
    const on = byPlaced ? sites : new Set([...values.keys()].filter((site) => site !== ''));
    const [only] = on.size === 1 ? on : [];
    const own = { ...values.get(''), ...(only !== undefined && values.get(only)) };
    return only === undefined ? { app, values: own } : { app, placed: only, values: own };
  });
  return { atMs, sites: [...tick.sites].map(([site, values]) => ({ site, values })), apps };
}

function entry(of: Map<string, Record<string, number>>, key: string): Record<string, number> {
  let values = of.get(key);
  if (!values) of.set(key, (values = {}));
  return values;
}
