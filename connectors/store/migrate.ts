import { createHash, randomUUID } from 'node:crypto';
import { SCHEMA } from './connect.ts';
import type { Db, Sql, Tx } from './connect.ts';
import { lockFor } from './locks.ts';
import { MIGRATIONS } from './migrations/list.ts';
import type { Migration } from './migrations/list.ts';

interface Applied {
  readonly id: number;
  readonly name: string;
  readonly digest: string;
}

/**
 * Brings the schema up to `migrations`, one process at a time, all or nothing. An up-to-date schema is only read, so a role
 * without the right to change tables can open the store. Throws RangeError when the database is newer than this build, when an
 * applied migration was changed afterwards, or when another installation lives there. Returns the id of the installation.
 */
export async function migrate(sql: Sql, installation?: string, migrations: readonly Migration[] = MIGRATIONS): Promise<string> {
  const [there] = await sql<{ there: boolean }[]>`select to_regclass(${`${SCHEMA}.installation`}) is not null as there`;
  const pending = there?.there ? remaining(migrations, await appliedMigrations(sql)) : migrations;
  const known = there?.there ? await installationOf(sql) : undefined;
  if (pending.length === 0 && known !== undefined) return agree(known, installation);
  return sql.begin((tx) => migrateIn(tx, installation, migrations));
}

/** The same inside a transaction that holds nothing yet. */
export async function migrateIn(tx: Tx, installation: string | undefined, migrations: readonly Migration[]): Promise<string> {
  await lockFor(tx, 'migrate');
  await tx.unsafe(`create schema if not exists ${SCHEMA}`);
  await tx`create table if not exists migration (id int4 primary key, name text not null, digest text not null, applied_at timestamptz not null default now())`;
  for (const { id, name, sql } of remaining(migrations, await appliedMigrations(tx))) {
    await tx.unsafe(sql);
    await tx`insert into migration (id, name, digest) values (${id}, ${name}, ${digestOf(sql)})`;
  }
  const known = await installationOf(tx);
  if (known !== undefined) return agree(known, installation);
  const id = installation ?? `berth-${randomUUID().slice(0, 8)}`;
  await tx`insert into installation (id) values (${id})`;
  return id;
}

/** Id of the newest migration applied. */
export async function migrationOf(db: Db): Promise<number> {
  const [row] = await db<{ id: number | null }[]>`select max(id) as id from migration`;
  return row?.id ?? 0;
}

async function appliedMigrations(db: Db): Promise<readonly Applied[]> {
  return db<Applied[]>`select id, name, digest from migration order by id`;
}

/** Undefined in a schema that is just being made. */
export async function installationOf(db: Db): Promise<string | undefined> {
  const [row] = await db<{ id: string }[]>`select id from installation`;
  return row?.id;
}

function agree(known: string, wanted: string | undefined): string {
  if (wanted !== undefined && wanted !== known) {
    throw new RangeError(`this database belongs to the installation "${known}", not to "${wanted}"; use another database`);
  }
  return known;
}

function remaining(migrations: readonly Migration[], applied: readonly Applied[]): readonly Migration[] {
  for (const { id, name, digest } of applied) {
    const ours = migrations.find((m) => m.id === id);
    if (!ours) throw new RangeError(`the database has migration ${id} (${name}), which this build does not know: use a newer berth`);
    if (digestOf(ours.sql) !== digest) throw new RangeError(`migration ${id} (${name}) is not the one that was applied to this database`);
  }
  const done = new Set(applied.map(({ id }) => id));
  return migrations.filter(({ id }) => !done.has(id));
}

function digestOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}
