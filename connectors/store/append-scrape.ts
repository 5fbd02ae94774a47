import type { Scrape } from '../../domain/records.ts';
import { BYTEA_ARRAY } from './connect.ts';
import type { Sql, Tx } from './connect.ts';
import { CopyRows, copyRows } from './copy-rows.ts';
import { idOf } from './names.ts';
import type { Kind, Names } from './names.ts';
import { partitionsFor } from './partitions.ts';
import type { SeriesList, SeriesLists } from './series.ts';

interface Sample {
  readonly entity: number;
  readonly placed: number | undefined;
  readonly v: Buffer;
}
interface Batch {
  readonly atMs: number;
  readonly sites: readonly Sample[];
  readonly apps: readonly Sample[];
}

/** From this many rows on, COPY is faster than an insert: it waits for the network twice. */
const COPY_FROM_ROWS = 500;

/**
 * Writes one scrape. A row that is there already stays as it is, so a scrape may be written again. Throws RangeError naming the
 * entity and series for a value that is not finite as a float32, and for an app or site that no applied configuration has.
 */
export async function appendScrape(scrape: Scrape, { sql, names, series }: { sql: Sql; names: Names; series: SeriesLists }): Promise<void> {
  const batch = await readBatch(scrape, names, series);
  if (batch.sites.length + batch.apps.length === 0) return;
  await partitionsFor(sql, ['sample_site', 'sample_app'], batch.atMs);
  try {
    await sql.begin((tx) => writeBatch(tx, batch));
  } catch (error) {
    if (batch.apps.length + batch.sites.length < COPY_FROM_ROWS) throw error;
    // COPY knows no "on conflict": most likely a part of this scrape was written before.
    await sql.begin((tx) => writeThroughStage(tx, batch));
  }
}

async function readBatch(scrape: Scrape, names: Names, series: SeriesLists): Promise<Batch> {
  const { atMs } = scrape;
  if (!Number.isSafeInteger(atMs) || atMs < 0) throw new RangeError(`atMs of a scrape must be epoch milliseconds, got ${atMs}`);
  for (const { site, values } of scrape.sites) checkValues('site', site, values);
  for (const { app, values } of scrape.apps) checkValues('app', app, values);
  const apps = scrape.apps.filter((a) => a.placed !== undefined || Object.keys(a.values).length > 0);
  const sites = scrape.sites.filter((s) => Object.keys(s.values).length > 0);
  const siteIds = await names.ids('site', [...sites.map((s) => s.site), ...apps.flatMap((a) => a.placed ?? [])]);
  const appIds = await names.ids(
    'app',
    apps.map((a) => a.app),
  );
  const appList = await series.including('app', new Set(apps.flatMap((a) => Object.keys(a.values))));
  const siteList = await series.including('site', new Set(sites.flatMap((s) => Object.keys(s.values))));
  return {
    atMs,
    sites: sites.map((s) => ({ entity: idOf(siteIds, 'site', s.site), placed: undefined, v: packValues(s.values, siteList) })),
    apps: apps.map((a) => ({
      entity: idOf(appIds, 'app', a.app),
      placed: a.placed === undefined ? undefined : idOf(siteIds, 'site', a.placed),
      v: packValues(a.values, appList),
    })),
  };
}

function checkValues(kind: Kind, name: string, values: Readonly<Record<string, number>>): void {
  for (const [series, value] of Object.entries(values)) {
    if (Number.isFinite(Math.fround(value))) continue;
    throw new RangeError(`${series} of ${kind} "${name}" is ${value}: leave out what could not be read; float32 is all that is kept`);
  }
}

function packValues(values: Readonly<Record<string, number>>, { positions }: SeriesList): Buffer {
  const entries = Object.entries(values).map(([series, value]) => [positions.get(series) ?? -1, value] as const);
  const v = new Float32Array(1 + entries.reduce((longest, [position]) => Math.max(longest, position), -1)).fill(NaN);
  for (const [position, value] of entries) v[position] = value;
  return Buffer.from(v.buffer);
}

async function writeBatch(tx: Tx, batch: Batch): Promise<void> {
  if (batch.apps.length + batch.sites.length < COPY_FROM_ROWS) {
    await insertSites(tx, batch);
    await insertApps(tx, batch);
  } else {
    await copyRows(tx, 'sample_site (entity, at_ms, v)', siteRows(batch));
    await copyRows(tx, 'sample_app (entity, at_ms, placed, v)', appRows(batch));
  }
  await notePlacements(tx, batch);
}

async function writeThroughStage(tx: Tx, batch: Batch): Promise<void> {
  await tx`create temporary table stage_site (entity int4, at_ms int8, v bytea) on commit drop`;
  await tx`create temporary table stage_app (entity int4, at_ms int8, placed int4, v bytea) on commit drop`;
  await copyRows(tx, 'stage_site (entity, at_ms, v)', siteRows(batch));
  await copyRows(tx, 'stage_app (entity, at_ms, placed, v)', appRows(batch));
  await tx`insert into sample_site (entity, at_ms, v) select entity, at_ms, v from stage_site on conflict do nothing`;
  await tx`insert into sample_app (entity, at_ms, placed, v) select entity, at_ms, placed, v from stage_app on conflict do nothing`;
  await notePlacements(tx, batch);
}

async function insertSites(tx: Tx, { atMs, sites }: Batch): Promise<void> {
  await tx`
    insert into sample_site (entity, at_ms, v)
    select e, ${atMs}, v from unnest(${sites.map((s) => s.entity)}::int4[], ${tx.array(
      sites.map((s) => s.v),
      BYTEA_ARRAY,
    )}) u(e, v)
    on conflict do nothing`;
}

async function insertApps(tx: Tx, { atMs, apps }: Batch): Promise<void> {
  await tx`
    insert into sample_app (entity, at_ms, placed, v)
    select e, ${atMs}, p, v
    from unnest(${apps.map((a) => a.entity)}::int4[], ${apps.map((a) => a.placed ?? null)}::int4[], ${tx.array(
      apps.map((a) => a.v),
      BYTEA_ARRAY,
    )}) u(e, p, v)
    on conflict do nothing`;
}

function siteRows({ atMs, sites }: Batch): CopyRows {
  const rows = new CopyRows();
  for (const { entity, v } of sites) rows.row(3).int4(entity).int8(atMs).bytea(v);
  return rows;
}

function appRows({ atMs, apps }: Batch): CopyRows {
  const rows = new CopyRows();
  for (const { entity, placed, v } of apps) rows.row(4).int4(entity).int8(atMs).int4(placed).bytea(v);
  return rows;
}

/** Only changes are written: a fleet that stands still costs no rows. Scrapes that arrive late change nothing. */
async function notePlacements(tx: Tx, { atMs, apps }: Batch): Promise<void> {
  const known = apps.filter((a) => a.placed !== undefined);
  if (known.length === 0) return;
  await tx`
    insert into placement as p (app, site, since_ms)
    select distinct on (a) a, s, ${atMs} from unnest(${known.map((a) => a.entity)}::int4[], ${known.map((a) => a.placed ?? null)}::int4[]) u(a, s)
    order by a
    on conflict (app) do update set site = excluded.site, since_ms = excluded.since_ms
    where p.site <> excluded.site and p.since_ms < excluded.since_ms`;
}
