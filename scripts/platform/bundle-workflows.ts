import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

/** Bundles the workflows below `entry` into `target`, written in one piece, unless `target` was made from the same files. */
export async function bundleWorkflows(entry: string, target: string): Promise<void> {
  const digest = await digestOf(dirname(entry));
  const stamp = target.replace(/\.js$/, '.stamp');
  if (existsSync(target) && existsSync(stamp) && (await readFile(stamp, 'utf8')) === digest) return;
  const { code } = await bundleWorkflowCode({ workflowsPath: entry, logger: quiet });
  await writeFile(`${target}.new`, code);
  await rename(`${target}.new`, target);
  await writeFile(stamp, digest);
}

async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(?:js|ts)$/.test(name)).sort();
  for (const name of names) hash.update(`${name}\0`).update(await readFile(join(folder, name)));
  return hash.digest('hex');
}

/** The bundler tells its sizes and asset names as information; only trouble is worth a line. */
const ignore = (): void => undefined;
const tell = (message: string): void => void process.stderr.write(`${message}\n`);
const quiet = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: tell, error: tell };

const [, script, entry, target] = process.argv;
if (script && import.meta.url === pathToFileURL(script).href && entry && target) await bundleWorkflows(entry, target);
