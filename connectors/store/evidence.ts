import type { EvidenceRow } from '../../domain/records.ts';
import type { Store } from './types.ts';
import type { Db, Sql } from './connect.ts';

export function createEvidence(sql: Sql): Pick<Store, 'saveEvidence' | 'evidence' | 'adaptations'> {
  return {
    async saveEvidence(rows) {
      const unique = [...new Map(rows.map((r) => [JSON.stringify([r.key, r.version, r.app, r.site]), r])).values()];
      const text = (of: (row: EvidenceRow) => string) => unique.map(of);
      const number = (of: (row: EvidenceRow) => number) => unique.map(of);
      await sql`
        insert into evidence (key, version, app, site, samples, newest_ms, error, coverage)
        select * from unnest(${text((r) => r.key)}::text[], ${number((r) => r.version)}::int4[], ${text((r) => r.app)}::text[], ${text((r) => r.site)}::text[],
          ${number((r) => r.samples)}::int4[], ${number((r) => r.newestMs)}::int8[], ${number((r) => r.error)}::float8[], ${number((r) => r.coverage)}::float8[])
        on conflict (key, version, app, site) do update
        set samples = excluded.samples, newest_ms = excluded.newest_ms, error = excluded.error, coverage = excluded.coverage`;
    },
    async evidence(also) {
      return sql<EvidenceRow[]>`
        select ${COLUMNS(sql)}
        from evidence join (
          select key, version from alias union select ${also?.key ?? null}::text, ${also?.version ?? null}::int4
        ) named using (key, version) order by key, version, app, site`;
    },
    async adaptations(apps) {
      return sql<EvidenceRow[]>`select ${COLUMNS(sql)} from evidence where live > 0 and app = any(${[...apps]}::text[])`;
    },
  };
}

const COLUMNS = (db: Db) => db`key, version, app, site, samples, newest_ms as "newestMs", error, coverage, live, low, high`;
