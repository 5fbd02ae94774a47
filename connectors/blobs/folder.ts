import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, opendir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Blobs } from '../ports.ts';
import { blobDamaged, blobMissing, checkDigest } from './errors.ts';

/** Blobs as files `<dir>/<2 digits>/<digest>`, readable by the owner only. A file appears whole or not at all. */
export function folderBlobs(dir: string): Blobs {
  const pathOf = (sha256: string): string => {
    checkDigest(sha256);
    return join(dir, sha256.slice(0, 2), sha256);
  };
  return {
    async put(bytes) {
      const sha256 = digestOf(bytes);
      const path = pathOf(sha256);
      // Written again it counts as new, so that a collection of old blobs does not take what is about to be named. A damaged one is replaced.
      if (await isWhole(path, sha256)) await utimes(path, new Date(), new Date());
      else await write(path, bytes);
      return sha256;
    },
    async get(sha256) {
      const bytes = await readFile(pathOf(sha256)).catch(
        missingAs(() => {
          throw blobMissing(sha256);
        }),
      );
      const actual = digestOf(bytes);
      if (actual !== sha256) throw blobDamaged(sha256, actual);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    async has(sha256) {
      return (await stat(pathOf(sha256)).catch(missingAs(() => undefined))) !== undefined;
    },
    list: () => listFolder(dir),
    async delete(sha256) {
      await rm(pathOf(sha256), { force: true });
    },
  };
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = join(folder, `.${randomUUID()}`);
  try {
    const file = await open(partial, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** The name itself must be on disk too, or a power cut loses the file. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isWhole(path: string, sha256: string): Promise<boolean> {
  const bytes = await readFile(path).catch(missingAs(() => undefined));
  return bytes !== undefined && digestOf(bytes) === sha256;
}

async function* listFolder(dir: string): AsyncIterable<{ sha256: string; bytes: number; modifiedMs: number }> {
  for await (const shard of entries(dir)) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue;
    for await (const sha256 of entries(join(dir, shard))) {
      if (!/^[0-9a-f]{64}$/.test(sha256)) continue;
      const found = await stat(join(dir, shard, sha256)).catch(missingAs(() => undefined));
      if (found) yield { sha256, bytes: found.size, modifiedMs: found.mtimeMs };
    }
  }
}

async function* entries(dir: string): AsyncIterable<string> {
  const folder = await opendir(dir).catch(missingAs(() => undefined));
  if (!folder) return;
  for await (const entry of folder) yield entry.name;
}

/** Answers for a file that is not there; any other error goes on. */
function missingAs<T>(answer: () => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return answer();
    throw error;
  };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
