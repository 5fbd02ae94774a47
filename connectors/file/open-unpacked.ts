import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

const CHUNK = 1 << 20;

export interface Unpacked {
  /** The first four bytes of the file as it is. */
  readonly magic: Buffer;
  /** What is in the file; of gzip, told by its first bytes, what it holds. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Opens a file that may be compressed. Throws the file's own error, and so does reading. */
export async function openUnpacked(file: string): Promise<Unpacked> {
  const magic = await firstBytes(file);
  const raw = createReadStream(file, { highWaterMark: CHUNK });
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return { magic, bytes: raw };
  const unpacked = createGunzip({ chunkSize: CHUNK });
  raw.on('error', (error) => unpacked.destroy(error));
  return { magic, bytes: raw.pipe(unpacked) };
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
