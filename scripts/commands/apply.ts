import { readFile } from 'node:fs/promises';

import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';

import { applySchedules } from '../../activities/schedules.ts';
import type { Platform } from '../../connectors/ports.ts';
import type { Store } from '../../connectors/store/types.ts';
import type { Config } from '../../domain/config.ts';
import { parseConfig } from '../../domain/parse-config.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { Told } from './connect.ts';
import { inFlight } from './in-flight.ts';

/** Reads and checks a berth.yaml. Throws one error (code 2) that lists every problem with its line. */
export async function readConfig(file: string): Promise<Config> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Told(`${file} cannot be read: ${error instanceof Error ? error.message : 'unknown'}`, 2);
  }
  const parsed = parseConfig(text);
  if (parsed.ok) {
    for (const warning of parsed.warnings) process.stderr.write(`${file}: ${warning}\n`);
    return parsed.config;
  }
  const lines = parsed.problems.map((p) => `${file}:${p.line}:${p.column}: ${p.path === '' ? '' : `${p.path}: `}${p.message}`);
  throw new Told(`${lines.join('\n')}\n${lines.length} problem${lines.length === 1 ? '' : 's'}`, 2);
}

export interface ApplyTo {
  readonly store: Store;
  readonly client: Client;
  readonly platform?: Platform;
  readonly by: string;
}

/** Makes a configuration the one in force. Applied twice, the second time changes nothing. Returns what it did, in sentences. */
export async function applyConfig(config: Config, { store, client, platform, by }: ApplyTo): Promise<string[]> {
  const before = await store.config();
  const { version, changed } = await store.applyConfig(config, by, Date.now());
  const said = changed ? [`configuration version ${version} is in force`] : [];
  if (changed) await store.maintain(Date.now());
  // Before anything that may fail: an apply that is repeated finds nothing changed and would not tell them.
  if (changed && before) await tellChanged(store, client);
  await platform?.adopt(config, config.apps);
  said.push(...(await applySchedules(client, config)));
  if (await startWatch(client)) said.push(`${workflowIds.watch} started`);
  if (said.length === 0) said.push(`nothing to change; version ${version} stays in force`);
  return [...said, ...(await inFlight(config, { store, client }))];
}

export async function startWatch(client: Client): Promise<boolean> {
  try {
    await client.workflow.start('watchFleet', {
      workflowId: workflowIds.watch,
      taskQueue: QUEUE.control,
      args: [{}],
      staticSummary: 'the watch over the fleet',
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Controllers keep the facts of their app; those that live (the others will read them at their start) are told to read them again, the watch to look again. */
async function tellChanged(store: Store, client: Client): Promise<void> {
  const ids = (await store.controllers()).map(({ app }) => workflowIds.controller(app));
  for (const id of [...ids, workflowIds.watch]) {
    const handle = client.workflow.getHandle(id);
    await handle.signal('reconfigured').catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  }
}
