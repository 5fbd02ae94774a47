import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { BACKUP_DEADLINE_S, BLOBS, MANIFEST, OWN_TABLES, TABLES, reportOf, tableFile } from './backup-manifest.ts';
import type { BackupManifest, BackupPlace, BackupReport } from './backup-manifest.ts';
import { SCHEMA, connect } from './connect.ts';
import type { Tx } from './connect.ts';
import { installationOf, migrationOf } from './migrate.ts';
import { listPartitions } from './partitions.ts';
import { neededBlobs, referencedBlobs } from './referenced-blobs.ts';
import { StoreError } from './store-error.ts';

export { restore } from './restore.ts';

const ROWS_PER_FETCH = 2000;

/**
 * Writes every table, as of one moment, and every blob that a row names into `dir`, which must be empty or new. The store may be in
 * use meanwhile. Throws StoreError; a folder without a manifest is no backup.
 */
export async function backup({ url, dir, blobs }: BackupPlace): Promise<BackupReport> {
  try {
    await prepare(dir);
    const sql = connect({ url, max: 1, deadlineS: BACKUP_DEADLINE_S });
    try {
      const dumped = await sql.begin('isolation level repeatable read read only', (tx) => dump(tx, dir));
      const manifest: BackupManifest = { ...dumped.manifest, ...(await copyBlobs(dumped, join(dir, BLOBS), blobs)) };
      await writeDurably(join(dir, `${MANIFEST}.partial`), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
      await rename(join(dir, `${MANIFEST}.partial`), join(dir, MANIFEST));
      return reportOf(manifest);
    } finally {
      await sql.end({ timeout: 5 });
    }
  } catch (error) {
    throw new StoreError('backup', error, !(error instanceof RangeError));
  }
}

async function prepare(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if ((await readdir(dir)).length > 0) throw new RangeError(`the folder ${dir} is not empty`);
  await mkdir(join(dir, BLOBS), { mode: 0o700 });
}

interface Dumped {
  readonly manifest: Omit<BackupManifest, 'blobs' | 'missing'>;
  readonly referenced: ReadonlySet<string>;
  readonly needed: ReadonlySet<string>;
}

async function dump(tx: Tx, dir: string): Promise<Dumped> {
  await checkTables(tx);
  const [server] = await tx<{ version: string }[]>`select current_setting('server_version') as version`;
  const tables: BackupManifest['tables'] = [];
  for (const name of TABLES) tables.push(await dumpTable(tx, name, join(dir, tableFile(name))));
  const manifest: Dumped['manifest'] = {
    schema: 1,
    installation: (await installationOf(tx)) ?? '',
    migration: await migrationOf(tx),
    madeAt: new Date().toISOString(),
    serverVersion: server?.version ?? '',
    tables,
    partitions: [...(await listPartitions(tx))],
  };
  return { manifest, referenced: await referencedBlobs(tx), needed: await neededBlobs(tx) };
}

async function copyBlobs(
  { referenced, needed }: Dumped,
  dir: string,
  blobs: BackupPlace['blobs'],
): Promise<Pick<BackupManifest, 'blobs' | 'missing'>> {
  const copied: string[] = [];
  const missing: string[] = [];
  for (const sha256 of [...referenced].sort()) {
    if (await blobs.has(sha256)) {
      await writeDurably(join(dir, sha256), await blobs.get(sha256));
      copied.push(sha256);
    } else if (needed.has(sha256)) missing.push(sha256);
  }
  return { blobs: copied, missing };
}

async function checkTables(tx: Tx): Promise<void> {
  const rows = await tx<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = to_regnamespace(${SCHEMA}) and relkind in ('r', 'p') and not relispartition`;
  const there = new Set(rows.map((r) => r.name));
  const missing = TABLES.find((name) => !there.has(name));
  if (missing) throw new RangeError(`the database has no table ${missing}: open it with this berth once, then back it up`);
  const known: ReadonlySet<string> = new Set([...TABLES, ...OWN_TABLES]);
  const unknown = [...there].find((name) => !known.has(name));
  if (unknown) throw new RangeError(`the database has a table ${unknown} that this berth does not know: use a newer one`);
}

/** One row per line as the server's own JSON: numbers in their shortest exact form, bytes in hex. Nothing is parsed on the way. */
async function dumpTable(tx: Tx, name: string, file: string): Promise<BackupManifest['tables'][number]> {
  let rows = 0;
  async function* lines(): AsyncGenerator<string> {
    const cursor = tx<{ line: string }[]>`select row_to_json(t)::text as line from ${tx(name)} t`.cursor(ROWS_PER_FETCH);
    for await (const part of cursor) {
      rows += part.length;
      yield part.map(({ line }) => `${line}\n`).join('');
    }
  }
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(Readable.from(lines()), createGzip({ level: 4 }), measure, createWriteStream(file, { mode: 0o600, flush: true }));
  return { name, rows, bytes, sha256: hash.digest('hex') };
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes, { mode: 0o600 });
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}
