import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { processStat } from './proc.ts';
import { addressSchema } from './protocol.ts';
import type { DaemonAddress } from './protocol.ts';

const holderSchema = z.object({ pid: z.int(), started: z.number().optional() });
type Holder = z.output<typeof holderSchema>;

function lockPath(dir: string): string {
  return join(dir, 'daemon.lock');
}

function addressPath(dir: string): string {
  return join(dir, 'daemon.json');
}

/**
 * One daemon per folder. Throws when another holds it; a lock whose process is gone, or whose pid now belongs to another process, is
 * replaced. The answer gives it up.
 */
export async function takeLock(dir: string): Promise<() => void> {
  const path = lockPath(dir);
  const holder = readJson(path, holderSchema);
  if (holder && holds(holder)) throw new Error(`${path}: a daemon with pid ${holder.pid} runs here already`);
  if (holder) rmSync(path, { force: true });
  const own = JSON.stringify({ pid: process.pid, started: processStat(process.pid)?.started } satisfies {
    [K in keyof Holder]: Holder[K] | undefined;
  });
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, own);
    closeSync(file);
  } catch (error) {
    throw new Error(`${path} cannot be taken: ${(error as Error).message}`);
  }
  // Two that both found a dead lock may both have removed it: the later one wins, the other sees it here.
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (readFileSync(path, 'utf8') !== own) throw new Error(`${path}: another daemon has just started here`);
  return () => {
    rmSync(path, { force: true });
  };
}

/** The daemon that has the folder, answering yet or not. */
export function lockHolder(dir: string): number | undefined {
  const holder = readJson(lockPath(dir), holderSchema);
  return holder && holds(holder) ? holder.pid : undefined;
}

function holds(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const seen = processStat(holder.pid);
  if (seen?.zombie) return false;
  return seen === undefined || holder.started === undefined || seen.started === holder.started;
}

export function writeAddress(dir: string, address: DaemonAddress): () => void {
  writeFileSync(addressPath(dir), JSON.stringify(address), { mode: 0o600 });
  return () => {
    rmSync(addressPath(dir), { force: true });
  };
}

/** Where the daemon of a folder listens; undefined when there is none. It may have died since. */
export function readAddress(dir: string): DaemonAddress | undefined {
  return readJson(addressPath(dir), addressSchema);
}

function readJson<S extends z.ZodType>(path: string, schema: S): z.output<S> | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // A writer killed half-way leaves half a file, which names nobody.
    return undefined;
  }
}
