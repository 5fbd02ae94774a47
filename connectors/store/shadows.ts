import type { ShadowRow } from '../../domain/records.ts';
import type { Sql } from './connect.ts';

export interface ShadowMethods {
  writeShadows(rows: readonly ShadowRow[]): Promise<void>;
  /** Oldest look first. */
  shadows(of: { key: string; version: number; fromMs: number }): Promise<readonly ShadowRow[]>;
}

/** What challengers would have said and done. A second write of one look stands in place of the first. */
export function createShadows(sql: Sql): ShadowMethods {
  return {
    async writeShadows(rows) {
      if (rows.length === 0) return;
      const text = (of: (row: ShadowRow) => string) => rows.map(of);
      await sql`
        insert into shadow (key, version, look_ms, app, body)
        select * from unnest(${text((r) => r.key)}::text[], ${rows.map((r) => r.version)}::int4[], ${rows.map((r) => r.lookMs)}::int8[],
          ${text((r) => r.app)}::text[], ${text((r) => JSON.stringify(r.said))}::text[])
        on conflict (key, version, look_ms, app) do update set body = excluded.body`;
    },
    async shadows({ key, version, fromMs }) {
      const rows = await sql<{ look_ms: number; app: string; body: string }[]>`
        select look_ms, app, body from shadow where key = ${key} and version = ${version} and look_ms >= ${fromMs} order by look_ms, app`;
      return rows.map((r) => ({ key, version, lookMs: r.look_ms, app: r.app, said: JSON.parse(r.body) as ShadowRow['said'] }));
    },
  };
}
