import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Blobs } from '../../connectors/ports.ts';

export interface BlobsUnderTest {
  readonly blobs: Blobs;
  /** Changes one byte of a stored blob behind its back. */
  damage(sha256: string): Promise<void>;
  close(): Promise<void>;
}

/** What every implementation of `Blobs` must do. `open` gives an empty one. */
export function blobsContract(name: string, open: () => Promise<BlobsUnderTest>): void {
  describe(`blobs: ${name}`, () => {
    let under: BlobsUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    const listed = async (): Promise<string[]> => {
      const all: string[] = [];
      for await (const { sha256 } of under.blobs.list()) all.push(sha256);
      return all.sort();
    };
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

    test('what was put is got back under the digest of its bytes', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (content) => {
          const sha256 = await under.blobs.put(content);
          expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
          expect(await under.blobs.get(sha256)).toEqual(content);
        }),
        { numRuns: 20 },
      );
    });

    test('the same bytes written many times at once are one blob', async () => {
      const digests = await Promise.all(Array.from({ length: 8 }, () => under.blobs.put(bytes('once'))));
      expect(new Set(digests).size).toBe(1);
      expect(await listed()).toEqual([digests[0]]);
    });

    test('a list holds every blob with its size', async () => {
      const long = await under.blobs.put(bytes('twelve bytes'));
      await under.blobs.put(bytes(''));
      const sizes = new Map<string, number>();
      for await (const blob of under.blobs.list()) sizes.set(blob.sha256, blob.bytes);
      expect(sizes.get(long)).toBe(12);
      expect([...sizes.values()].sort((a, b) => a - b)).toEqual([0, 12]);
    });

    test('nothing there yet is an empty list', async () => {
      expect(await listed()).toEqual([]);
    });

    test('a blob that is not there is told so by name', async () => {
      const sha256 = 'ab'.repeat(32);
      expect(await under.blobs.has(sha256)).toBe(false);
      await expect(under.blobs.get(sha256)).rejects.toMatchObject({ name: 'BlobMissing', message: `blob ${sha256} is missing` });
    });

    test('a deleted blob is gone, and deleting it again changes nothing', async () => {
      const sha256 = await under.blobs.put(bytes('short-lived'));
      await under.blobs.delete(sha256);
      await under.blobs.delete(sha256);
      expect(await under.blobs.has(sha256)).toBe(false);
    });

    test('a blob whose bytes have changed is never handed out, and putting it again mends it', async () => {
      const sha256 = await under.blobs.put(bytes('precious'));
      await under.damage(sha256);
      await expect(under.blobs.get(sha256)).rejects.toMatchObject({ name: 'BlobDamaged' });
      await under.blobs.put(bytes('precious'));
      expect(await under.blobs.get(sha256)).toEqual(bytes('precious'));
    });

    test('a name that is no digest is refused before anything is touched', async () => {
      for (const name of ['', '../../etc/passwd', 'AB'.repeat(32), 'ab'.repeat(31)]) {
        await expect(under.blobs.get(name)).rejects.toThrow(/^sha256: expected 64 hexadecimal digits/);
        await expect(under.blobs.delete(name)).rejects.toThrow(/^sha256: expected 64 hexadecimal digits/);
      }
    });
  });
}
