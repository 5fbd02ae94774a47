import { PREDICTOR_CODE } from '../../domain/decision-codes.ts';
import type { MoveRecord } from '../../domain/move-record.ts';
import type { Claim } from '../../domain/records.ts';
import type { Store } from './types.ts';
import type { Configs } from './config.ts';
import type { Sql } from './connect.ts';

interface Row {
  readonly decision_id: string;
  readonly app: string;
  readonly from_site: string;
  readonly to_site: string;
  readonly origin: Claim['origin'];
  readonly ended: MoveRecord['end'];
  readonly ended_ms: number;
  readonly why: string | null;
  readonly predicted_gain: number | null;
  readonly score_before: number | null;
  readonly score_after: number | null;
  readonly score_if_stayed: number | null;
  readonly applied_ms: number | null;
  readonly serving_ms: number | null;
  readonly predictor: number | null;
  readonly model_version: number | null;
  readonly policy_version: number | null;
}

/** Moves that have ended, each with the decision that wanted it; profiles and what was refused are no moves. */
export function createMoveRecords(sql: Sql, configs: Configs): Pick<Store, 'moveRecords'> {
  return {
    async moveRecords({ app, sinceMs, untilMs, limit }) {
      // The id of a look's decision is `<app>-<look>`, and every decision that became a move is kept.
      const rows = await sql<Row[]>`
        select c.decision_id, c.app, c.from_site, c.to_site, c.origin, c.ended, c.ended_ms, c.why, c.predicted_gain, c.score_before, c.score_after,
          c.score_if_stayed,
          (jsonb_path_query_first(c.phases, '$[*] ? (@.phase == "apply").atMs'))::int8 as applied_ms,
          (jsonb_path_query_first(c.phases, '$[*] ? (@.phase == "serving").atMs'))::int8 as serving_ms,
          d.predictor, d.model_version, d.policy_version
        from claim c left join app a on a.name = c.app
        left join decision_kept d on d.app = a.id and d.look_ms = substring(c.decision_id from '-(\\d{1,15})$')::int8
          and c.decision_id = c.app || '-' || d.look_ms
        where c.ended in ('done', 'reverted', 'revert-failed') and c.origin <> 'profile'
          ${app === undefined ? sql`` : sql`and c.app = ${app}`} ${sinceMs === undefined ? sql`` : sql`and c.ended_ms >= ${sinceMs}`}
          ${untilMs === undefined ? sql`` : sql`and c.ended_ms <= ${untilMs}`}
        order by c.ended_ms desc, c.decision_id limit ${limit}`;
      return await Promise.all(rows.map((row) => readRecord(row, configs)));
    },
  };
}

async function readRecord(row: Row, configs: Configs): Promise<MoveRecord> {
  const model = await modelOf(row, configs);
  return {
    decisionId: row.decision_id,
    app: row.app,
    from: row.from_site,
    to: row.to_site,
    origin: row.origin,
    end: row.ended,
    endedMs: row.ended_ms,
    ...(row.why !== null && { why: row.why }),
    ...(row.predicted_gain !== null && { predictedGain: row.predicted_gain }),
    ...(row.score_before !== null && { scoreBefore: row.score_before }),
    ...(row.score_after !== null && { scoreAfter: row.score_after }),
    ...(row.score_if_stayed !== null && { scoreIfStayed: row.score_if_stayed }),
    ...(row.applied_ms !== null && row.serving_ms !== null && { readyS: (row.serving_ms - row.applied_ms) / 1000 }),
    ...(model && { model }),
  };
}

/** The key is that of the configuration the decision was made by: an app may have changed its model since. */
async function modelOf(row: Row, configs: Configs): Promise<MoveRecord['model'] | undefined> {
  const byModel = row.predictor === PREDICTOR_CODE.model || row.predictor === PREDICTOR_CODE.baseline;
  if (!byModel || row.model_version === null || row.model_version < 0 || row.policy_version === null) return undefined;
  const config = await configs.ofVersion(row.policy_version);
  return { key: config.apps[row.app]?.model ?? row.app, version: row.model_version };
}
