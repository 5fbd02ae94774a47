import { readFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { expect } from 'vitest';

import { readablePayloads } from '../../workers/parts/readable-payloads.ts';

/** Whatever a test made a workflow do, its history must replay in the code that made it. */
export async function replayEverything(client: Client, codePath: string): Promise<void> {
  const code = await readFile(codePath, 'utf8');
  const failed: string[] = [];
  let replayed = 0;
  const options = { workflowBundle: { code }, dataConverter: { payloadCodecs: [readablePayloads] } };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories(client))) {
    replayed++;
    if (error) failed.push(`${workflowId}: ${error.message.slice(0, 500)}`);
  }
  expect(failed).toEqual([]);
  expect(replayed).toBeGreaterThan(0);
}

async function* histories(client: Client) {
  for await (const { workflowId, runId, type } of client.workflow.list()) {
    if (type !== 'probe') yield { workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
  }
}
