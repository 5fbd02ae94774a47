import { REASON_CODE, VERDICT_CODE } from '../../domain/decision-codes.ts';
import type { DecisionRow } from '../../domain/decision-record.ts';
import type { DecisionFilter } from './types.ts';
import type { Configs } from './config.ts';
import type { Sql } from './connect.ts';
import type { Names } from './names.ts';

/** A row as the store has it: the app by its number. */
export type StoredDecision = Omit<DecisionRow, 'app'> & { readonly app: number };

interface Parts {
  readonly sql: Sql;
  readonly names: Names;
  readonly configs: Configs;
}

/**
 * Newest first; those past the retention of all decisions come from the kept ones. Both ends of the time belong to it. What stands in both
 * tables is sorted out among the newest `limit` of each, so that nothing is compared over the whole retention. A name that nothing ever had
 * finds nothing; a verdict or reason that cannot be is a RangeError.
 */
export async function selectDecisions(parts: Parts, filter: DecisionFilter & { limit: number }): Promise<readonly StoredDecision[]> {
  const { sql } = parts;
  const { fromMs, toMs, limit } = filter;
  const ids = await idsOf(parts, filter);
  if (!ids) return [];
  const verdict = codeOf(VERDICT_CODE, filter.verdict, 'verdict');
  const reason = codeOf(REASON_CODE, filter.reason, 'reason');
  const version = filter.model?.version;
  const where = sql`
    ${ids.apps === undefined ? sql`` : sql`and app = any(${ids.apps}::int4[])`}
    ${ids.site === undefined ? sql`` : sql`and ${ids.site} in (from_site, to_site)`}
    ${filter.model === undefined ? sql`` : sql`and model_version >= 0`} ${version === undefined ? sql`` : sql`and model_version = ${version}`}
    ${verdict === undefined ? sql`` : sql`and verdict = ${verdict}`} ${reason === undefined ? sql`` : sql`and reason = ${reason}`}
    ${fromMs === undefined ? sql`` : sql`and look_ms >= ${fromMs}`} ${toMs === undefined ? sql`` : sql`and look_ms <= ${toMs}`}`;
  return sql<StoredDecision[]>`
    select distinct on (look_ms, app) look_ms as "lookMs", app, verdict, reason, from_site as "fromSite", to_site as "toSite", gain, horizon_s as "horizonS",
      predictor, model_version as "modelVersion", policy_version as "policyVersion", packed
    from (
      (select * from decision where true ${where} order by look_ms desc, app limit ${limit})
      union all
      (select * from decision_kept where true ${where} order by look_ms desc, app limit ${limit})
    ) d
    order by look_ms desc, app limit ${limit}`;
}

/** undefined: nothing can be found. Whose model an app is served by is told by the configuration in force. */
async function idsOf(
  { names, configs }: Parts,
  { app, site, model }: DecisionFilter,
): Promise<{ apps?: number[]; site?: number } | undefined> {
  const found: { apps?: number[]; site?: number } = {};
  if (site !== undefined) {
    const id = (await names.ids('site', [site])).get(site);
    if (id === undefined) return undefined;
    found.site = id;
  }
  if (app === undefined && model === undefined) return found;
  const apps = Object.entries((model && (await configs.inForce())?.config.apps) ?? {});
  const served = apps.filter(([name, spec]) => (spec.model ?? name) === model?.key).map(([name]) => name);
  const wanted = model === undefined ? [app ?? ''] : served.filter((name) => app === undefined || name === app);
  const ids = await names.ids('app', wanted);
  found.apps = wanted.flatMap((name) => ids.get(name) ?? []);
  return found.apps.length === 0 ? undefined : found;
}

function codeOf(codes: Readonly<Record<string, number>>, key: string | undefined, what: string): number | undefined {
  if (key === undefined) return undefined;
  const code = codes[key];
  if (code === undefined) throw new RangeError(`there is no ${what} "${key}": ${Object.keys(codes).join(', ')}`);
  return code;
}
