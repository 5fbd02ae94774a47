import { readFileSync } from 'node:fs';
import { rm, writeFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { isRunning } from '../platform/lock.ts';

const schema = z.object({
  temporalAddress: z.string(),
  namespace: z.string(),
  uiUrl: z.string().optional(),
  databaseUrl: z.string(),
  blobs: z.string(),
  cluster: z.string().optional(),
  healthUrl: z.string().optional(),
  owner: z.object({ pid: z.number(), identity: z.string() }),
});

/** Where a running platform is. Holds the database password: its file is 0600. */
export type Endpoints = z.infer<typeof schema>;

const FILE = 'endpoints.json';

export async function writeEndpoints(dir: string, endpoints: Endpoints): Promise<void> {
  const file = join(dir, FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export async function removeEndpoints(dir: string): Promise<void> {
  await rm(join(dir, FILE), { force: true });
}

/** The endpoints of the platform that runs from a folder; undefined when none does. */
export function readEndpoints(dir: string): Endpoints | undefined {
  let text: string;
  try {
    text = readFileSync(join(dir, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const endpoints = schema.parse(JSON.parse(text));
  return isRunning(endpoints.owner) ? endpoints : undefined;
}
