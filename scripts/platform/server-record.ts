import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning, ownIdentity } from './lock.ts';

const processSchema = z.object({ pid: z.int().positive(), identity: z.string() });

const recordSchema = z.object({
  /** The server; absent after a clean stop. */
  server: processSchema.optional(),
  /** Who stops it: the process that started it, or adopted it after its owner died. */
  owner: processSchema.optional(),
  /** Kept after a stop, so that clients find the next server where the last one was. */
  ports: z.record(z.string(), z.int()),
});

export type ServerRecord = z.infer<typeof recordSchema>;
export type ServerProcess = z.infer<typeof processSchema>;

/** `server.json` of a data folder; one that cannot be read counts as none, because the process table tells the rest. */
export async function readServerRecord(dir: string): Promise<ServerRecord> {
  const file = recordFile(dir);
  if (!existsSync(file)) return { ports: {} };
  const parsed = recordSchema.safeParse(jsonOrUndefined(await readFile(file, 'utf8')));
  return parsed.success ? parsed.data : { ports: {} };
}

export async function writeServerRecord(dir: string, record: ServerRecord): Promise<void> {
  const fresh = `${recordFile(dir)}.${randomUUID()}`;
  await writeFile(fresh, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(fresh, recordFile(dir));
}

/** Whether another living process is to stop this server. */
export function ownedByAnother({ owner }: ServerRecord): boolean {
  return owner !== undefined && owner.pid !== process.pid && isRunning(owner);
}

/** The record after we took the server on: its owner stays if it lives. */
export function adoptedRecord(record: ServerRecord): ServerRecord {
  return ownedByAnother(record) ? record : { ...record, owner: ownIdentity() };
}

function recordFile(dir: string): string {
  return join(dir, 'server.json');
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
