import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkoutFolder } from '../platform/checkout.ts';

/** What a result came from. */
export interface Manifest {
  readonly data: readonly { readonly file: string; readonly sha256: string; readonly bytes: number }[];
  readonly seed: number;
  readonly budgetS: number;
  /** Commit of this checkout, with a + where files were changed; null = no git. */
  readonly commit: string | null;
  readonly versions: Readonly<Record<string, string>>;
}

export async function manifestOf(files: readonly string[], run: { seed: number; budgetS: number }): Promise<Manifest> {
  const { seed, budgetS } = run;
  return { data: await Promise.all(files.map(digestOf)), seed, budgetS, commit: await commitOf(checkoutFolder()), versions: versions() };
}

async function digestOf(file: string): Promise<{ file: string; sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { file, sha256: hash.digest('hex'), bytes };
}

async function commitOf(folder: string): Promise<string | null> {
  const git = async (...args: string[]): Promise<string> => (await promisify(execFile)('git', ['-C', folder, ...args])).stdout.trim();
  try {
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return `${await git('rev-parse', 'HEAD')}${changed === '' ? '' : '+'}`;
  } catch {
    // No git, or no repository: a copy of the sources has no commit.
    return null;
  }
}

function versions(): Record<string, string> {
  const text = readFileSync(join(checkoutFolder(), 'package.json'), 'utf8');
  const parsed = JSON.parse(text) as { version: string; dependencies: Record<string, string> };
  return { berth: parsed.version, node: process.version, 'onnxruntime-node': parsed.dependencies['onnxruntime-node'] ?? '?' };
}
