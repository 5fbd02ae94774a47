import type { DriftRow } from '../../domain/records.ts';
import type { Sql } from './connect.ts';

export interface DriftMethods {
  /** What the last check found of a key; what it did not find again is gone. */
  saveDrifts(key: string, rows: readonly DriftRow[]): Promise<void>;
  drifts(): Promise<readonly DriftRow[]>;
  /** True for one caller in `everyMs`: that one may ask for a training of the key. */
  claimRetrain(ask: { key: string; nowMs: number; everyMs: number; why: string }): Promise<boolean>;
}

/** Where live data has left what a model learned from. */
export function createDrifts(sql: Sql): DriftMethods {
  return {
    async saveDrifts(key, rows) {
      await sql.begin(async (tx) => {
        await tx`select 1 from model_key where key = ${key} for update`;
        await tx`delete from drift where key = ${key}`;
        for (const r of rows)
          await tx`
            insert into drift (key, version, app, kind, name, windows, effect, why, since_ms, at_ms)
            values (${key}, ${r.version}, ${r.app}, ${r.kind}, ${r.name}, ${r.windows}, ${r.effect}, ${r.why}, ${r.sinceMs}, ${r.atMs})`;
      });
    },
    async drifts() {
      return sql<DriftRow[]>`
        select key, version, app, kind, name, windows, effect, why, since_ms as "sinceMs", at_ms as "atMs" from drift order by key, app, kind, name`;
    },
    async claimRetrain({ key, nowMs, everyMs, why }) {
      const claimed = await sql`
        insert into retrain (key, at_ms, why) values (${key}, ${nowMs}, ${why})
        on conflict (key) do update set at_ms = excluded.at_ms, why = excluded.why where retrain.at_ms <= ${nowMs - everyMs} returning 1`;
      return claimed.length > 0;
    },
  };
}
