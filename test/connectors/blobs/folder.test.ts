import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folderBlobs } from '../../../connectors/blobs/folder.ts';
import { blobsContract } from '../../contracts/blobs.ts';

async function emptyFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'berth-blobs-'));
}

blobsContract('folder', async () => {
  const dir = join(await emptyFolder(), 'not', 'made', 'yet');
  return {
    blobs: folderBlobs(dir),
    async damage(sha256) {
      const path = join(dir, sha256.slice(0, 2), sha256);
      const bytes = await readFile(path);
      bytes[0] = bytes[0]! ^ 1;
      await writeFile(path, bytes);
    },
    close: () => rm(join(dir, '..', '..', '..'), { recursive: true }),
  };
});

test('only the owner may read a blob, and no partial file is left', async () => {
  const dir = await emptyFolder();
  onTestFinished(() => rm(dir, { recursive: true }));
  const sha256 = await folderBlobs(dir).put(Uint8Array.from([1, 2, 3]));
  const shard = join(dir, sha256.slice(0, 2));
  expect((await stat(join(shard, sha256))).mode & 0o777).toBe(0o600);
  expect((await stat(shard)).mode & 0o777).toBe(0o700);
  expect(await readdir(shard)).toEqual([sha256]);
});

test('a partial file of a writer that was killed is no blob', async () => {
  const dir = await emptyFolder();
  onTestFinished(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'ab'));
  await writeFile(join(dir, 'ab', '.3f0c'), 'half');
  const found: string[] = [];
  for await (const { sha256 } of folderBlobs(dir).list()) found.push(sha256);
  expect(found).toEqual([]);
});
