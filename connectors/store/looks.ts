import type { LookRow } from '../../domain/records.ts';
import type { Store } from './types.ts';
import type { Db, Sql } from './connect.ts';

interface Row {
  readonly look_ms: number;
  readonly config_version: number;
  readonly opened_ms: number;
  readonly record_only: boolean;
  readonly decided_ms: number | null;
  readonly closed_ms: number | null;
  readonly counts: string | null;
}

type LookMethods = Pick<Store, 'openLook' | 'closeLook' | 'lastLook' | 'looks'>;

export function createLooks(sql: Sql): LookMethods {
  return {
    /** `previousMs` is the newest earlier look that decided and was not only recorded: gaps are told by it. */
    async openLook({ lookMs, configVersion, openedMs, recordOnly }) {
      await sql`
        insert into look (look_ms, config_version, opened_ms, record_only, alias_seq)
        values (${lookMs}, ${configVersion}, ${openedMs}, ${recordOnly}, (select coalesce(max(seq), 0) from alias_log)) on conflict do nothing`;
      const [previous] = await lookTimesBefore(sql, lookMs, 1);
      return { look: await lookAt(sql, lookMs), ...(previous !== undefined && { previousMs: previous }) };
    },
    /** The first close stands. */
    async closeLook(lookMs, closedMs) {
      await sql`update look set closed_ms = ${closedMs} where look_ms = ${lookMs} and closed_ms is null`;
      return lookAt(sql, lookMs);
    },
    async lastLook() {
      const [row] = await sql<Row[]>`select * from look order by look_ms desc limit 1`;
      return row && readLook(row);
    },
    /** Oldest first; both ends belong to it. */
    async looks(fromMs, toMs) {
      return (await sql<Row[]>`select * from look where look_ms between ${fromMs} and ${toMs} order by look_ms`).map(readLook);
    },
  };
}

/** Times of the looks that count as a past: decided, and not only recorded. Newest first. */
export async function lookTimesBefore(db: Db, beforeMs: number, limit: number): Promise<readonly number[]> {
  const rows = await db<{ look_ms: number }[]>`
    select look_ms from look where look_ms < ${beforeMs} and decided_ms is not null and not record_only
    order by look_ms desc limit ${limit}`;
  return rows.map((row) => row.look_ms);
}

/** Throws RangeError when the look was never opened. */
export async function lookAt(db: Db, lookMs: number, lock: 'lock' | 'read' = 'read'): Promise<LookRow> {
  const [row] = await db<Row[]>`select * from look where look_ms = ${lookMs} ${lock === 'lock' ? db`for update` : db``}`;
  if (!row) throw new RangeError(`the look ${lookMs} was never opened`);
  return readLook(row);
}

function readLook(row: Row): LookRow {
  return {
    lookMs: row.look_ms,
    configVersion: row.config_version,
    openedMs: row.opened_ms,
    recordOnly: row.record_only,
    ...(row.decided_ms !== null && { decidedMs: row.decided_ms }),
    ...(row.closed_ms !== null && { closedMs: row.closed_ms }),
    ...(row.counts !== null && { counts: JSON.parse(row.counts) as Record<string, number> }),
  };
}
