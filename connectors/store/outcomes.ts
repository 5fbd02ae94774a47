import { PREDICTOR_CODE, ofCode } from '../../domain/decision-codes.ts';
import type { Config } from '../../domain/config.ts';
import type { OutcomeRow } from '../../domain/records.ts';
import type { Store } from './types.ts';
import type { Configs } from './config.ts';
import type { Sql } from './connect.ts';
import { CopyRows, copyRows } from './copy-rows.ts';
import { learnFromOutcomes } from './live-evidence.ts';
import type { LiveOutcome } from './live-evidence.ts';
import type { Names } from './names.ts';
import { observeAt } from './observe.ts';
import type { Observed } from './observe.ts';
import { partitionsFor } from './partitions.ts';
import { readGroups } from './predictions.ts';
import type { SeriesLists } from './series.ts';
import { floatsOf } from './typed-bytes.ts';

export interface OutcomeParts {
  readonly sql: Sql;
  readonly names: Names;
  readonly series: SeriesLists;
  readonly configs: Configs;
}

/** Samples of a target time that have not come by then will not come. */
export const TOO_LATE_MS = 10 * 60_000;
/** Looks that one call works through; the rest is for the next call. */
const LOOKS_PER_CALL = 50;

interface Due {
  readonly app: number;
  readonly sites: number;
  readonly predictor: number;
  readonly horizon_ms: number;
  readonly model_key: string | null;
  readonly model_version: number | null;
  readonly q: Buffer;
}
interface Joined {
  readonly due: Due;
  /** `NOWHERE`: settled without an outcome. */
  readonly site: number;
  readonly targetMs: number;
  readonly quantiles: Float32Array;
  readonly actual: number;
}
/** Stands in the row of a prediction that has nothing to be compared with, so that it is not read again at every look. */
const NOWHERE = -1;

/**
 * The observed score at a target time is that of each KPI's mean over the samples within one telemetry step before and after it, by
 * the objective of the look's own configuration, and only if all of them saw the app on one and the same site. A prediction is
 * therefore joined one step after its target time at the earliest, and never when nothing was observed by `TOO_LATE_MS` after it, or
 * when nothing was predicted for that site. What the plain rule said of the site counts as all three quantiles where it predicted.
 * Looks that were only recorded are kept apart: their models may have learned from what came after.
 */
export function createOutcomes(parts: OutcomeParts): Pick<Store, 'joinOutcomes' | 'outcomes' | 'liveError'> {
  const { sql, names } = parts;
  return {
    async joinOutcomes(nowMs) {
      const looks = await sql<{ look_ms: number; config_version: number }[]>`
        select look_ms, config_version from look
        where not joined and not record_only and decided_ms is not null and look_ms < ${nowMs}
        order by look_ms limit ${LOOKS_PER_CALL}`;
      let joined = 0;
      for (const { look_ms: lookMs, config_version: version } of looks) {
        joined += await joinLook(parts, { lookMs, nowMs, config: await parts.configs.ofVersion(version) });
      }
      return joined;
    },
    async liveError(sinceMs) {
      const [row] = await sql<[{ count: number; p50: number | null; p90: number | null; covered: number | null }]>`
        select count(*)::int8 as count, percentile_cont(0.5) within group (order by abs(p50 - actual)) as p50,
          percentile_cont(0.9) within group (order by abs(p50 - actual)) as p90,
          avg((actual between p10 and p90)::int) filter (where predictor <> ${PREDICTOR_CODE.rule})::float8 as covered
        from outcome where site >= 0 and look_ms >= ${sinceMs}`;
      const { count, p50, p90, covered } = row;
      if (count === 0 || p50 === null || p90 === null) return undefined;
      return { count, p50, p90, ...(covered !== null && { covered }) };
    },
    /** By the time of the look, oldest first; both ends belong to it. */
    async outcomes({ app, fromMs, toMs }) {
      const appId = app === undefined ? undefined : ((await names.ids('app', [app])).get(app) ?? -1);
      const rows = await sql<StoredOutcome[]>`
        select * from outcome where site >= 0 and look_ms between ${fromMs} and ${toMs} ${appId === undefined ? sql`` : sql`and app = ${appId}`}
        order by look_ms, app`;
      const appName = await names.named(
        'app',
        rows.map((r) => r.app),
      );
      const siteName = await names.named(
        'site',
        rows.map((r) => r.site),
      );
      return rows.map((row) => readOutcome(row, appName, siteName));
    },
  };
}

async function joinLook(
  parts: OutcomeParts,
  { lookMs, nowMs, config }: { lookMs: number; nowMs: number; config: Config },
): Promise<number> {
  const { sql } = parts;
  const stepMs = config.telemetry.step * 1000;
  const horizons = { lookMs, dueMs: Math.floor(nowMs - lookMs - stepMs) };
  const due = await dueAt(sql, horizons);
  const groups = due.length === 0 ? new Map<number, never>() : await readGroups(sql, lookMs);
  const settled: Joined[] = [];
  let open = 0;
  for (const horizonMs of new Set(due.map((p) => p.horizon_ms))) {
    const rows = due.filter((p) => p.horizon_ms === horizonMs);
    const targetMs = lookMs + horizonMs;
    const observed = await observeAt(parts, { apps: rows.map((p) => p.app), targetMs, stepMs, config });
    for (const row of rows) {
      const match = matchOf(row, observed.get(row.app), groups.get(row.sites)?.sites);
      if (match) settled.push({ due: row, targetMs, ...match });
      else if (targetMs + TOO_LATE_MS >= nowMs) open++;
    }
  }
  await writeOutcomes(sql, lookMs, { joined: settled, live: await liveOf(parts, settled) });
  if (open === 0 && !(await hasLater(sql, horizons))) await sql`update look set joined = true where look_ms = ${lookMs}`;
  return settled.filter((one) => one.site !== NOWHERE).length;
}

interface Horizons {
  readonly lookMs: number;
  /** The longest horizon whose time has come. */
  readonly dueMs: number;
}

/** Where nothing predicted there is nothing to compare, so those rows are not even read. */
async function dueAt(sql: Sql, { lookMs, dueMs }: Horizons): Promise<readonly Due[]> {
  return sql<Due[]>`
    select app, sites, predictor, horizon_ms, model_key, model_version, q from prediction p
    where look_ms = ${lookMs} and horizon_ms <= ${dueMs}::int8 and predictor <> ${PREDICTOR_CODE.none}
      and not exists (select 1 from outcome o where o.look_ms = ${lookMs} and o.app = p.app)`;
}

async function hasLater(sql: Sql, { lookMs, dueMs }: Horizons): Promise<boolean> {
  const later = await sql`
    select 1 from prediction
    where look_ms = ${lookMs} and horizon_ms > ${dueMs}::int8 and predictor <> ${PREDICTOR_CODE.none} limit 1`;
  return later.length > 0;
}

const NOTHING = { site: NOWHERE, quantiles: Float32Array.of(NaN, NaN, NaN), actual: NaN } as const;

/** Undefined while it cannot be told yet. */
function matchOf(
  { q, predictor }: Due,
  observed: Observed | undefined,
  sites: Int32Array | undefined,
): Pick<Joined, 'site' | 'quantiles' | 'actual'> | undefined {
  const n = sites?.length ?? 0;
  const byRule = predictor === PREDICTOR_CODE.rule;
  const said = byRule ? floatsOf(q, 3 * n, n) : floatsOf(q, 0, 3 * n);
  if (!said.some(Number.isFinite)) return NOTHING;
  if (!observed) return undefined;
  const index = sites?.indexOf(observed.site) ?? -1;
  if (index < 0) return NOTHING;
  const quantiles = byRule ? new Float32Array(3).fill(said[index] ?? NaN) : said.slice(3 * index, 3 * index + 3);
  return quantiles.every(Number.isFinite) ? { site: observed.site, quantiles, actual: observed.score } : NOTHING;
}

/** The outcomes that say something of a model. */
async function liveOf({ names }: OutcomeParts, settled: readonly Joined[]): Promise<LiveOutcome[]> {
  const told = settled.filter((one) => one.site !== NOWHERE && one.due.model_key !== null && one.due.predictor !== PREDICTOR_CODE.rule);
  const appName = await names.named(
    'app',
    told.map((one) => one.due.app),
  );
  const siteName = await names.named(
    'site',
    told.map((one) => one.site),
  );
  return told.map(({ due, site, targetMs, quantiles, actual }) => ({
    key: due.model_key ?? '',
    version: due.model_version ?? 0,
    app: appName(due.app),
    site: siteName(site),
    p10: quantiles[0]!,
    p50: quantiles[1]!,
    p90: quantiles[2]!,
    actual,
    targetMs,
  }));
}

async function writeOutcomes(
  sql: Sql,
  lookMs: number,
  { joined, live }: { joined: readonly Joined[]; live: readonly LiveOutcome[] },
): Promise<void> {
  if (joined.length === 0) return;
  const rows = new CopyRows();
  for (const { due, site, targetMs, quantiles, actual } of joined) {
    rows
      .row(9)
      .int8(lookMs)
      .int4(due.app)
      .int4(site)
      .int8(targetMs)
      .real(quantiles[0])
      .real(quantiles[1])
      .real(quantiles[2])
      .double(actual)
      .int2(due.predictor);
  }
  await partitionsFor(sql, ['outcome'], lookMs);
  await sql.begin(async (tx) => {
    await copyRows(tx, 'outcome (look_ms, app, site, target_ms, p10, p50, p90, actual, predictor)', rows);
    await learnFromOutcomes(tx, live);
  });
}

interface StoredOutcome {
  readonly look_ms: number;
  readonly app: number;
  readonly site: number;
  readonly target_ms: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly actual: number;
  readonly predictor: number;
}

function readOutcome(row: StoredOutcome, appName: (id: number) => string, siteName: (id: number) => string): OutcomeRow {
  return {
    app: appName(row.app),
    site: siteName(row.site),
    lookMs: row.look_ms,
    targetMs: row.target_ms,
    p10: row.p10,
    p50: row.p50,
    p90: row.p90,
    actual: row.actual,
    predictor: ofCode(PREDICTOR_CODE, row.predictor, 'predictor'),
  };
}
