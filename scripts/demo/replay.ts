import { readFile } from 'node:fs/promises';

import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

export interface Replayed {
  readonly replayed: number;
  readonly failed: readonly { readonly workflowId: string; readonly why: string }[];
}

/** Replays the history of every workflow of a namespace through a bundle of workflow code. A history the code cannot follow is a failure with its id. */
export async function replayAll(client: Client, bundle: string, onProgress: (done: number) => void): Promise<Replayed> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const failed: { workflowId: string; why: string }[] = [];
  let replayed = 0;
  const code = await readFile(bundle, 'utf8');
  const results = Worker.runReplayHistories({ workflowBundle: { code } }, histories(client));
  for await (const { workflowId, error } of results) {
    if (error) failed.push({ workflowId, why: error.message });
    else replayed++;
    onProgress(replayed + failed.length);
  }
  return { replayed, failed };
}

async function* histories(client: Client) {
  for await (const { workflowId, runId } of client.workflow.list()) {
    yield { workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
  }
}
