import type { Config } from '../../domain/config.ts';
import { SCHEMA } from './connect.ts';
import type { Sql, Tx } from './connect.ts';
import { lockFor } from './locks.ts';

export const DAY_MS = 86_400_000;

/** Every table that is cut into days, and the retention that governs it. */
export const DAY_TABLES = {
  sample_site: 'telemetry',
  sample_app: 'telemetry',
  prediction_sites: 'predictions',
  prediction: 'predictions',
  decision: 'decisions',
  decision_kept: 'kept',
  outcome: 'decisions',
} as const satisfies Readonly<Record<string, keyof Config['retention']>>;
export type DayTable = keyof typeof DAY_TABLES;

export interface Partition {
  readonly table: DayTable;
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
}

export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

/** `<table>_<yyyymmdd>`. */
export function partitionName({ table, day }: Partition): string {
  return `${table}_${new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/** Makes the partitions that a write at `ms` needs, unless they are there. Call it before the transaction that writes. */
export async function partitionsFor(sql: Sql, tables: readonly DayTable[], ms: number): Promise<void> {
  await makePartitions(
    sql,
    tables.map((table) => ({ table, day: dayOf(ms) })),
  );
}

/** Returns the names of those it made. */
export async function makePartitions(sql: Sql, wanted: readonly Partition[]): Promise<string[]> {
  const missing = await missingOf(sql, wanted);
  if (missing.length === 0) return [];
  return sql.begin((tx) => makePartitionsIn(tx, wanted));
}

/** Attaching asks for a weaker lock than `create table .. partition of`, so that readers and writers go on meanwhile. */
export async function makePartitionsIn(tx: Tx, wanted: readonly Partition[]): Promise<string[]> {
  await lockFor(tx, 'partitions');
  const missing = await missingOf(tx, wanted);
  for (const { table, day } of missing) {
    const name = partitionName({ table, day });
    await tx.unsafe(`create table ${name} (like ${table} including all)`);
    await tx.unsafe(`alter table ${table} attach partition ${name} for values from (${day * DAY_MS}) to (${(day + 1) * DAY_MS})`);
  }
  return missing.map(partitionName);
}

/** All partitions there are. */
export async function listPartitions(db: Sql | Tx): Promise<readonly Partition[]> {
  const rows = await db<{ parent: string; child: string }[]>`
    select p.relname as parent, c.relname as child
    from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
    where p.relnamespace = ${SCHEMA}::regnamespace and p.relkind = 'p'
    order by 2`;
  return rows.flatMap(({ parent, child }) => {
    const table = parent as DayTable;
    const [, y, m, d] = /_(\d{4})(\d\d)(\d\d)$/.exec(child) ?? [];
    return table in DAY_TABLES && y && m && d ? [{ table, day: dayOf(Date.UTC(Number(y), Number(m) - 1, Number(d))) }] : [];
  });
}

async function missingOf(db: Sql | Tx, wanted: readonly Partition[]): Promise<readonly Partition[]> {
  const names = wanted.map((p) => `${SCHEMA}.${partitionName(p)}`);
  const rows = await db<
    { there: boolean }[]
  >`select to_regclass(n) is not null as there from unnest(${names}::text[]) with ordinality u(n, i) order by i`;
  return wanted.filter((_, i) => !rows[i]?.there);
}
