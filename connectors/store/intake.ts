import type { Sql } from './connect.ts';
import type { Store } from './types.ts';

interface Row {
  readonly source: string;
  readonly until_ms: string | null;
  readonly asked_ms: string;
  readonly problems: readonly string[];
}

/** How far each outside source of telemetry was read, and what it could not tell the last time. */
export function createIntakes(sql: Sql): Pick<Store, 'intake' | 'noteIntake'> {
  return {
    async intake(source) {
      const [row] = await sql<Row[]>`select source, until_ms, asked_ms, problems from intake where source = ${source}`;
      if (!row) return undefined;
      return {
        source: row.source,
        askedMs: Number(row.asked_ms),
        problems: row.problems,
        ...(row.until_ms !== null && { untilMs: Number(row.until_ms) }),
      };
    },
    async noteIntake({ source, untilMs, askedMs, problems }) {
      await sql`
        insert into intake (source, until_ms, asked_ms, problems)
        values (${source}, ${untilMs ?? null}, ${askedMs}, ${problems.slice(0, 50)})
        on conflict (source) do update set
          until_ms = greatest(intake.until_ms, excluded.until_ms), asked_ms = excluded.asked_ms, problems = excluded.problems`;
    },
  };
}
