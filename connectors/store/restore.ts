import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BACKUP_DEADLINE_S, BLOBS, MANIFEST, TABLES, backupManifest, reportOf, tableFile } from './backup-manifest.ts';
import type { BackupManifest, BackupPlace, BackupReport } from './backup-manifest.ts';
import { SCHEMA, connect } from './connect.ts';
import type { Sql, Tx } from './connect.ts';
import { migrateIn } from './migrate.ts';
import { MIGRATIONS } from './migrations/list.ts';
import { DAY_TABLES, makePartitionsIn } from './partitions.ts';
import type { DayTable } from './partitions.ts';
import { StoreError } from './store-error.ts';

const LINES_PER_INSERT = 500;
const BYTES_PER_INSERT = 8 * 1024 * 1024;

/**
 * Reads a backup into a database without a berth schema: everything or nothing. All files are checked against the manifest before the
 * first row is written. Throws StoreError when the database is not empty, or the backup is damaged or newer than this build.
 */
export async function restore({ url, dir, blobs }: BackupPlace): Promise<BackupReport> {
  try {
    const manifest = await readManifest(dir);
    const sql = connect({ url, max: 1, deadlineS: BACKUP_DEADLINE_S });
    try {
      await refuseUsed(sql);
      for (const sha256 of manifest.blobs) await restoreBlob(join(dir, BLOBS, sha256), sha256, blobs);
      await sql.begin((tx) => load(tx, dir, manifest));
      return reportOf(manifest);
    } finally {
      await sql.end({ timeout: 5 });
    }
  } catch (error) {
    throw new StoreError('restore', error, !(error instanceof RangeError));
  }
}

async function readManifest(dir: string): Promise<BackupManifest> {
  const text = await readFile(join(dir, MANIFEST), 'utf8').catch((error: unknown) => {
    throw new RangeError(`${dir} is no backup: its ${MANIFEST} cannot be read`, { cause: error });
  });
  const manifest = backupManifest.parse(JSON.parse(text));
  const newest = MIGRATIONS.at(-1)?.id ?? 0;
  if (manifest.migration > newest)
    throw new RangeError(`the backup has migration ${manifest.migration}, this build knows ${newest}: use a newer berth`);
  for (const { name, sha256 } of manifest.tables) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(dir, tableFile(name))), hash);
    if (hash.digest('hex') !== sha256)
      throw new RangeError(`${tableFile(name)} of the backup is damaged: its digest is not the manifest's`);
  }
  return manifest;
}

async function refuseUsed(db: Sql | Tx): Promise<void> {
  const [row] = await db<{ n: number }[]>`select count(*)::int4 as n from pg_class where relnamespace = to_regnamespace(${SCHEMA})`;
  if (row?.n !== 0) throw new RangeError('the database already has a berth schema; a backup is only restored into an empty one');
}

async function restoreBlob(path: string, sha256: string, blobs: BackupPlace['blobs']): Promise<void> {
  const stored = await blobs.put(await readFile(path));
  if (stored !== sha256) throw new RangeError(`blob ${sha256} of the backup is damaged: its digest is ${stored}`);
}

async function load(tx: Tx, dir: string, manifest: BackupManifest): Promise<void> {
  await refuseUsed(tx);
  await migrateIn(
    tx,
    manifest.installation,
    MIGRATIONS.filter(({ id }) => id <= manifest.migration),
  );
  const known = manifest.partitions.filter((p): p is { table: DayTable; day: number } => p.table in DAY_TABLES);
  await makePartitionsIn(tx, known);
  const byName = new Map(manifest.tables.map((table) => [table.name, table]));
  for (const name of TABLES) {
    const table = byName.get(name);
    if (!table) continue;
    const rows = await loadTable(tx, name, join(dir, tableFile(name)));
    if (rows !== table.rows) throw new RangeError(`${tableFile(name)} of the backup has ${rows} rows, its manifest says ${table.rows}`);
  }
}

async function loadTable(tx: Tx, name: string, file: string): Promise<number> {
  let rows = 0;
  await pipeline(createReadStream(file), createGunzip().setEncoding('utf8'), async (text: AsyncIterable<string>) => {
    for await (const lines of batches(text)) {
      await tx`insert into ${tx(name)} select * from json_populate_recordset(null::${tx(name)}, ${`[${lines.join(',')}]`}::text::json)`;
      rows += lines.length;
    }
  });
  return rows;
}

/** Whole lines, so many at a time as one statement should carry. */
async function* batches(text: AsyncIterable<string>): AsyncGenerator<string[]> {
  let lines: string[] = [];
  let bytes = 0;
  let rest = '';
  for await (const chunk of text) {
    const parts = `${rest}${chunk}`.split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      bytes += line.length;
      if (lines.length < LINES_PER_INSERT && bytes < BYTES_PER_INSERT) continue;
      yield lines;
      [lines, bytes] = [[], 0];
    }
  }
  if (rest !== '') throw new RangeError('the last row of a table in the backup is cut off');
  if (lines.length > 0) yield lines;
}
