import { createHash } from 'node:crypto';
import { PREDICTOR_CODE, ofCode } from '../../domain/decision-codes.ts';
import type { PredictionRow } from '../../domain/records.ts';
import type { Store } from './types.ts';
import { BYTEA_ARRAY } from './connect.ts';
import type { Db, Sql, Tx } from './connect.ts';
import { CopyRows, copyRows } from './copy-rows.ts';
import { bytesOf, floatsOf, intsOf } from './typed-bytes.ts';
import { idOf } from './names.ts';
import type { Names } from './names.ts';
import { partitionsFor } from './partitions.ts';

/** What many rows of a look share: stored once. */
interface SiteGroup {
  readonly id: number;
  readonly sites: Int32Array;
  readonly ageS: Float32Array;
  readonly complete: Float32Array;
}
type Ids = ReadonlyMap<string, number>;

export function createPredictions(sql: Sql, names: Names): Pick<Store, 'writePredictions' | 'readPredictions'> {
  return {
    async writePredictions(lookMs, rows) {
      if (rows.length === 0) return;
      for (const row of rows) checkRow(row);
      const appIds = await names.ids(
        'app',
        rows.map((r) => r.app),
      );
      const siteIds = await names.ids('site', siteNamesIn(rows));
      const apps = rows.map((r) => idOf(appIds, 'app', r.app));
      const { groups, groupIds } = groupSites(rows, siteIds);
      await partitionsFor(sql, ['prediction', 'prediction_sites'], lookMs);
      await sql.begin(async (tx) => {
        await writeGroups(tx, lookMs, groups);
        await tx`delete from prediction where look_ms = ${lookMs} and app = any(${apps}::int4[])`;
        await copyRows(tx, `prediction (look_ms, app, ${COLUMNS})`, packRows({ lookMs, rows, apps, groupIds, siteIds }));
      });
    },
    async readPredictions(lookMs) {
      const groups = await readGroups(sql, lookMs);
      const rows = await sql<StoredPrediction[]>`select * from prediction where look_ms = ${lookMs} order by app`;
      const appName = await names.named(
        'app',
        rows.map((r) => r.app),
      );
      const siteName = await names.named(
        'site',
        [...groups.values()].flatMap((g) => [...g.sites]),
      );
      const siteNames = new Map([...groups].map(([id, group]) => [id, Array.from(group.sites, siteName)]));
      return rows.map((row) => readRow(row, { group: groups.get(row.sites), sites: siteNames.get(row.sites), appName, siteName }));
    },
  };
}

const COLUMNS = 'sites, model_key, model_version, predictor, placed, horizon_ms, app_age_s, app_complete, observed, q';

export interface StoredPrediction {
  readonly app: number;
  /** Id of a group of `prediction_sites`. */
  readonly sites: number;
  readonly model_key: string | null;
  readonly model_version: number | null;
  readonly predictor: number;
  readonly placed: number | null;
  readonly horizon_ms: number;
  readonly app_age_s: number;
  readonly app_complete: number;
  readonly observed: number | null;
  readonly q: Buffer;
}

function checkRow({ app, sites, q, rule, ageS, complete }: PredictionRow): void {
  const n = sites.length;
  const wrong = [
    ['q', q, 3 * n],
    ['rule', rule, n],
    ['ageS', ageS, n],
    ['complete', complete, n],
  ] as const;
  for (const [field, values, length] of wrong) {
    if (values.length !== length)
      throw new RangeError(`${field} of the prediction of app "${app}" has ${values.length} values for ${n} sites, expected ${length}`);
  }
}

function siteNamesIn(rows: readonly PredictionRow[]): Set<string> {
  const names = new Set([...new Set(rows.map((r) => r.sites))].flat());
  for (const { placed } of rows) if (placed !== undefined) names.add(placed);
  return names;
}

function groupSites(rows: readonly PredictionRow[], siteIds: Ids): { groups: readonly SiteGroup[]; groupIds: readonly number[] } {
  const groups = new Map<number, SiteGroup>();
  let last: { row: PredictionRow; id: number } | undefined;
  const groupIds = rows.map((row) => {
    // Rows of one shard mostly share the very same arrays.
    if (last && last.row.sites === row.sites && last.row.ageS === row.ageS && last.row.complete === row.complete) return last.id;
    const group = groupOf(row, siteIds);
    groups.set(group.id, group);
    last = { row, id: group.id };
    return group.id;
  });
  return { groups: [...groups.values()], groupIds };
}

function groupOf({ sites, ageS, complete }: PredictionRow, siteIds: Ids): SiteGroup {
  const ids = Int32Array.from(sites, (site) => idOf(siteIds, 'site', site));
  const digest = createHash('sha256').update(bytesOf(ids)).update(bytesOf(ageS)).update(bytesOf(complete)).digest();
  return { id: Number(digest.readBigInt64BE() >> 11n), sites: ids, ageS, complete };
}

async function writeGroups(tx: Tx, lookMs: number, unsorted: readonly SiteGroup[]): Promise<void> {
  // In one order everywhere, so that two shards that share groups cannot wait for each other.
  const groups = [...unsorted].sort((a, b) => a.id - b.id);
  await tx`
    insert into prediction_sites (look_ms, id, sites, age_s, complete)
    select ${lookMs}, i, s, a, c
    from unnest(${groups.map((g) => g.id)}::int8[], ${tx.array(
      groups.map((g) => bytesOf(g.sites)),
      BYTEA_ARRAY,
    )},
      ${tx.array(
        groups.map((g) => bytesOf(g.ageS)),
        BYTEA_ARRAY,
      )}, ${tx.array(
        groups.map((g) => bytesOf(g.complete)),
        BYTEA_ARRAY,
      )}) u(i, s, a, c)
    on conflict do nothing`;
}

/** By id. */
export async function readGroups(db: Db, lookMs: number): Promise<ReadonlyMap<number, SiteGroup>> {
  const rows = await db<{ id: number; sites: Buffer; age_s: Buffer; complete: Buffer }[]>`
    select id, sites, age_s, complete from prediction_sites where look_ms = ${lookMs}`;
  return new Map(rows.map((r) => [r.id, { id: r.id, sites: intsOf(r.sites), ageS: floatsOf(r.age_s), complete: floatsOf(r.complete) }]));
}

interface ToPack {
  readonly lookMs: number;
  readonly rows: readonly PredictionRow[];
  readonly apps: readonly number[];
  readonly groupIds: readonly number[];
  readonly siteIds: Ids;
}

function packRows({ lookMs, rows, apps, groupIds, siteIds }: ToPack): CopyRows {
  const out = new CopyRows();
  rows.forEach((row, i) => {
    out
      .row(12)
      .int8(lookMs)
      .int4(apps[i])
      .int8(groupIds[i])
      .text(row.modelKey)
      .int4(row.modelVersion)
      .int2(PREDICTOR_CODE[row.predictor])
      .int4(row.placed === undefined ? undefined : idOf(siteIds, 'site', row.placed))
      .int4(row.horizonMs)
      .real(row.appAgeS)
      .real(row.appComplete)
      .double(row.observed)
      .bytea(bytesOf(row.q), bytesOf(row.rule));
  });
  return out;
}

interface ReadWith {
  readonly group: { readonly ageS: Float32Array; readonly complete: Float32Array } | undefined;
  readonly sites: readonly string[] | undefined;
  readonly appName: (id: number) => string;
  readonly siteName: (id: number) => string;
}

function readRow(row: StoredPrediction, { group, sites, appName, siteName }: ReadWith): PredictionRow {
  if (!group || !sites) throw new Error(`a prediction of app ${appName(row.app)} lacks its sites`);
  const n = sites.length;
  return {
    app: appName(row.app),
    ...(row.model_key !== null && { modelKey: row.model_key }),
    ...(row.model_version !== null && { modelVersion: row.model_version }),
    predictor: ofCode(PREDICTOR_CODE, row.predictor, 'predictor'),
    sites,
    q: floatsOf(row.q, 0, 3 * n),
    rule: floatsOf(row.q, 3 * n, n),
    ageS: group.ageS,
    appAgeS: row.app_age_s,
    complete: group.complete,
    appComplete: row.app_complete,
    ...(row.observed !== null && { observed: row.observed }),
    ...(row.placed !== null && { placed: siteName(row.placed) }),
    horizonMs: row.horizon_ms,
  };
}
