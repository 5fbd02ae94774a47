import type { AppBlock, FleetWindow, Frame, Grid, SiteBlock } from '../../domain/frame.ts';
import type { NoData, Telemetry, WindowRequest } from '../ports.ts';
import type { Sql } from './connect.ts';
import type { Names } from './names.ts';
import { eachSample, readSamples } from './samples.ts';
import type { SeriesList, SeriesLists } from './series.ts';
import { createTickGrid } from './tick-grid.ts';

/** A window longer than this is a mistake of units. */
const TICKS_MAX = 1_000_000;

interface Parts {
  readonly sql: Sql;
  readonly names: Names;
  readonly series: SeriesLists;
}

/**
 * Windows of what was scraped. In each tick the newest sample counts as a whole: what it lacks is unknown, also when an older one in
 * the same tick had it, so that a KPI is never put down to a site it was not measured on. Series nobody has in the window are left
 * out. Names that no configuration ever had are unknown, not an error. Throws RangeError for a window that has no whole tick.
 */
export function createTelemetry(parts: Parts): Telemetry {
  async function read(request: WindowRequest): Promise<FleetWindow> {
    const grid = gridOf(request);
    return { grid, sites: await readSites(parts, grid, request.sites), apps: await readApps(parts, grid, request) };
  }

  return {
    async windows(request): Promise<FleetWindow | NoData> {
      const window = await read(request);
      const any = window.apps.length > 0 || window.sites.newestMs.some(Number.isFinite);
      return any ? window : { kind: 'no-data', why: `no sample of any site or app ${spanOf(window.grid)}` };
    },
    async window({ app, ...rest }): Promise<Frame | NoData> {
      const { grid, sites, apps } = await read({ ...rest, apps: [app] });
      const [block] = apps;
      return block ? { grid, sites, app: block } : { kind: 'no-data', why: `no sample of app ${app} ${spanOf(grid)}` };
    },
  };
}

function gridOf({ fromMs, toMs, stepMs }: WindowRequest): Grid {
  if (!(stepMs > 0)) throw new RangeError(`stepMs of a window must be above 0, got ${stepMs}`);
  const ticks = Math.floor((toMs - fromMs) / stepMs);
  if (!(ticks >= 1 && ticks <= TICKS_MAX))
    throw new RangeError(`a window from ${fromMs} to ${toMs} in steps of ${stepMs} ms has ${ticks} ticks; 1 to ${TICKS_MAX} are possible`);
  return { startMs: toMs - ticks * stepMs, stepMs, ticks };
}

function spanOf({ startMs, stepMs, ticks }: Grid): string {
  return `after ${new Date(startMs).toISOString()} up to ${new Date(startMs + ticks * stepMs).toISOString()}`;
}

function spanMs({ startMs, stepMs, ticks }: Grid) {
  return { afterMs: startMs, toMs: startMs + ticks * stepMs };
}

async function readSites({ sql, names, series }: Parts, grid: Grid, sites: readonly string[]): Promise<SiteBlock> {
  const ids = await names.ids('site', sites);
  const list = await series.reload('site');
  const newestMs = new Float64Array(sites.length).fill(-Infinity);
  const full = new Float32Array(sites.length * list.names.length * grid.ticks).fill(NaN);
  const present = new Set<number>();
  const at = new Map(sites.flatMap((site, i) => (ids.has(site) ? [[ids.get(site) ?? -1, i] as const] : [])));
  const ticks = createTickGrid(grid, list.names.length);
  await readSamples(sql, 'site', { ...spanMs(grid), entities: [...at.keys()] }, ({ entity, packed }) => {
    const i = at.get(entity) ?? -1;
    ticks.clear();
    eachSample(packed, ticks.add);
    newestMs[i] = ticks.newestMs();
    full.set(ticks.values, i * ticks.values.length);
    for (const position of ticks.present()) present.add(position);
  });
  const kept = [...present].sort((a, b) => a - b);
  const values = new Float32Array(sites.length * kept.length * grid.ticks);
  for (let i = 0; i < sites.length; i++) {
    const whole = full.subarray(i * ticks.values.length, (i + 1) * ticks.values.length);
    values.set(pick(whole, kept, grid.ticks), i * kept.length * grid.ticks);
  }
  return { sites: [...sites], series: namesAt(list, kept), values, newestMs };
}

async function readApps({ sql, names, series }: Parts, grid: Grid, { apps, sites }: WindowRequest): Promise<readonly AppBlock[]> {
  const ids = await names.ids('app', apps);
  const siteIds = await names.ids('site', sites);
  const list = await series.reload('app');
  const siteAt = new Map(sites.flatMap((site, i) => (siteIds.has(site) ? [[siteIds.get(site) ?? -1, i] as const] : [])));
  const byEntity = new Map(apps.flatMap((app) => (ids.has(app) ? [[ids.get(app) ?? -1, app] as const] : [])));
  const ticks = createTickGrid(grid, list.names.length);
  const seriesNames = interned(list);
  const blocks = new Map<string, AppBlock>();
  await readSamples(sql, 'app', { ...spanMs(grid), entities: [...byEntity.keys()] }, ({ entity, packed }) => {
    const app = byEntity.get(entity) ?? '';
    ticks.clear();
    eachSample(packed, ticks.add);
    const kept = ticks.present();
    const placed = Int16Array.from(ticks.placed, (site) => siteAt.get(site) ?? -1);
    blocks.set(app, { app, series: seriesNames(kept), values: pick(ticks.values, kept, grid.ticks), placed, newestMs: ticks.newestMs() });
  });
  return apps.flatMap((app) => blocks.get(app) ?? []);
}

function pick(full: Float32Array, positions: readonly number[], ticks: number): Float32Array {
  const values = new Float32Array(positions.length * ticks);
  positions.forEach((position, i) => values.set(full.subarray(position * ticks, (position + 1) * ticks), i * ticks));
  return values;
}

function namesAt(list: SeriesList, positions: readonly number[]): readonly string[] {
  return positions.map((position) => list.names[position] ?? '');
}

/** Apps with the same series share one array of names, so readers can tell by identity. */
function interned(list: SeriesList): (positions: readonly number[]) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (positions) => {
    const key = positions.join();
    const names = known.get(key) ?? namesAt(list, positions);
    known.set(key, names);
    return names;
  };
}
