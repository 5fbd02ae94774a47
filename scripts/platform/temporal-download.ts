import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { runProgram } from './run-program.ts';
import { putInPlace } from './temporal-pip.ts';

const ARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const DEADLINE_MS = 180_000;

/** The publisher's archive over TLS. `base` is another server in tests. Throws when it cannot be had within three minutes. */
export async function downloadTemporal(target: string, version: string, base = 'https://temporal.download'): Promise<void> {
  const arch = ARCH[process.arch];
  if (!arch) throw new Error(`there is no build for ${process.arch}`);
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}.new-`);
  try {
    await fetchInto(join(folder, 'archive.tar.gz'), `${base}/cli/archive/v${version}?platform=${process.platform}&arch=${arch}`);
    await unpack(folder);
    await putInPlace(join(folder, 'out'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchInto(file: string, url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS) }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new Error(`${url}: ${String(error)}${cause}`, { cause: error });
  });
  if (!response.ok || !response.body) throw new Error(`${url}: HTTP ${response.status}`);
  await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(file));
}

async function unpack(folder: string): Promise<void> {
  const bin = join(folder, 'out', 'bin');
  await mkdir(bin, { recursive: true });
  const { code, text } = await runProgram('tar', ['-xzf', join(folder, 'archive.tar.gz'), '-C', folder, 'temporal'], {
    deadlineMs: DEADLINE_MS,
  });
  if (code !== 0) throw new Error(`tar: ${text.trim()}`);
  await rename(join(folder, 'temporal'), join(bin, 'temporal'));
}
