import type { Blobs } from '../ports.ts';
import type { Store } from './types.ts';

/**
 * Deletes blobs that no row names and that were last written before `olderThanMs` (epoch ms): younger ones may belong to a row that
 * is still being written. What is referenced is read after the blobs were listed.
 */
export async function collectBlobs(
  store: Pick<Store, 'referencedBlobs'>,
  blobs: Pick<Blobs, 'list' | 'delete'>,
  { olderThanMs }: { olderThanMs: number },
): Promise<{ deleted: number; bytes: number; kept: number }> {
  if (!Number.isFinite(olderThanMs)) throw new RangeError(`olderThanMs must be epoch milliseconds, got ${olderThanMs}`);
  const all: { sha256: string; bytes: number; modifiedMs: number }[] = [];
  for await (const blob of blobs.list()) all.push(blob);
  const referenced = await store.referencedBlobs();
  const garbage = all.filter((b) => b.modifiedMs < olderThanMs && !referenced.has(b.sha256));
  for (const { sha256 } of garbage) await blobs.delete(sha256);
  return { deleted: garbage.length, bytes: garbage.reduce((sum, b) => sum + b.bytes, 0), kept: all.length - garbage.length };
}
