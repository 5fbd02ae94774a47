import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { ColumnSource } from 'hyparquet-writer';
import { z } from 'zod';
import type { AppBlock, Frame, SiteBlock } from '../../domain/frame.ts';

const newest = z.number().nullable();

/** What the columns alone do not tell: an empty frame has a grid too. A newest time of null = no sample. */
const frameMeta = z.object({
  schema: z.literal(1),
  app: z.string(),
  grid: z.object({ startMs: z.number(), stepMs: z.number().positive(), ticks: z.int().min(0) }),
  sites: z.array(z.string()),
  siteSeries: z.array(z.string()),
  appSeries: z.array(z.string()),
  siteNewestMs: z.array(newest),
  appNewestMs: newest,
});
type FrameMeta = z.infer<typeof frameMeta>;

const META_KEY = 'berth.frame';

/**
 * One Parquet file, one row per (time, site) in this order: `time` (epoch ms of the end of the tick), `site`, `placed` (the app runs here),
 * the app's `load`, `kpi_*` and `app_*` repeated for each site, and `site_<series>`. null = unknown.
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const { grid, sites, app } = frame;
  const n = sites.sites.length;
  const size = grid.ticks * n;
  const column = (value: (tick: number, site: number) => number): (number | null)[] =>
    Array.from({ length: size }, (_, row) => knownOrNull(value(Math.floor(row / n), row % n)));
  const columnData: ColumnSource[] = [
    {
      name: 'time',
      type: 'INT64',
      nullable: false,
      data: Array.from({ length: size }, (_, row) => BigInt(Math.round(grid.startMs + (Math.floor(row / n) + 1) * grid.stepMs))),
    },
    { name: 'site', type: 'STRING', nullable: false, data: Array.from({ length: size }, (_, row) => sites.sites[row % n]!) },
    { name: 'placed', type: 'BOOLEAN', data: Array.from({ length: size }, (_, row) => placedAt(app, Math.floor(row / n), row % n)) },
    ...app.series.map((name, s): ColumnSource => ({ name, type: 'FLOAT', data: column((tick) => app.values[s * grid.ticks + tick]!) })),
    ...sites.series.map((name, s): ColumnSource => ({
      name: `site_${name}`,
      type: 'FLOAT',
      data: column((tick, site) => sites.values[(site * sites.series.length + s) * grid.ticks + tick]!),
    })),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, kvMetadata: [{ key: META_KEY, value: JSON.stringify(metaOf(frame)) }] }));
}

/** The frame that `encodeFrame` wrote. Throws RangeError naming what is wrong when the file is not one. */
export async function decodeFrame(bytes: Uint8Array): Promise<Frame> {
  const file = bytes.slice().buffer;
  const meta = readMeta(file);
  const { grid } = meta;
  const n = meta.sites.length;
  const rows: Record<string, unknown>[] = grid.ticks * n === 0 ? [] : await parquetReadObjects({ file });
  if (rows.length !== grid.ticks * n)
    throw new RangeError(`frame: it has ${rows.length} rows, ${grid.ticks} ticks of ${n} sites need ${grid.ticks * n}`);
  const app: AppBlock = {
    app: meta.app,
    series: meta.appSeries,
    values: new Float32Array(meta.appSeries.length * grid.ticks).fill(NaN),
    placed: new Int16Array(grid.ticks).fill(-1),
    newestMs: meta.appNewestMs ?? -Infinity,
  };
  const sites: SiteBlock = {
    sites: meta.sites,
    series: meta.siteSeries,
    values: new Float32Array(n * meta.siteSeries.length * grid.ticks).fill(NaN),
    newestMs: Float64Array.from(meta.siteNewestMs, (ms) => ms ?? -Infinity),
  };
  rows.forEach((row, i) => {
    const at = { tick: Math.floor(i / n), site: i % n, ticks: grid.ticks };
    if (row['site'] !== meta.sites[at.site])
      throw new RangeError(`frame: row ${i} is of site ${String(row['site'])}, expected ${meta.sites[at.site]}`);
    if (row['placed'] === true) app.placed[at.tick] = at.site;
    meta.appSeries.forEach((name, s) => (app.values[s * at.ticks + at.tick] = numberIn(row, name, i)));
    meta.siteSeries.forEach(
      (name, s) => (sites.values[(at.site * meta.siteSeries.length + s) * at.ticks + at.tick] = numberIn(row, `site_${name}`, i)),
    );
  });
  return { grid, sites, app };
}

function metaOf({ grid, sites, app }: Frame): FrameMeta {
  return {
    schema: 1,
    app: app.app,
    grid: { ...grid },
    sites: [...sites.sites],
    siteSeries: [...sites.series],
    appSeries: [...app.series],
    siteNewestMs: Array.from(sites.newestMs, knownOrNullMs),
    appNewestMs: knownOrNullMs(app.newestMs),
  };
}

function readMeta(file: ArrayBuffer): FrameMeta {
  let text: string | undefined;
  try {
    text = parquetMetadata(file).key_value_metadata?.find((entry) => entry.key === META_KEY)?.value;
  } catch (error) {
    throw new RangeError(`frame: it is not Parquet: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (text === undefined) throw new RangeError(`frame: the file has no ${META_KEY} in its metadata`);
  const meta = frameMeta.safeParse(jsonIn(text));
  if (!meta.success) throw new RangeError(`frame: ${META_KEY} is not as expected: ${z.prettifyError(meta.error)}`);
  return meta.data;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RangeError(`frame: ${META_KEY} is not JSON`);
  }
}

function placedAt(app: AppBlock, tick: number, site: number): boolean | null {
  const place = app.placed[tick]!;
  return place < 0 ? null : place === site;
}

function numberIn(row: Record<string, unknown>, name: string, i: number): number {
  const value = row[name];
  if (value === null) return NaN;
  if (typeof value !== 'number') throw new RangeError(`frame: column ${name} of row ${i} holds ${typeof value}, expected a number`);
  return value;
}

function knownOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function knownOrNullMs(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}
