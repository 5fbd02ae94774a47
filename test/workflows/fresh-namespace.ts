import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';

import { SEARCH_ATTRIBUTES } from '../../scripts/platform/temporal-names.ts';
import { eventually } from '../contracts/eventually.ts';
import { temporalAddress } from '../setup/servers.ts';

/** Numbers of the server's IndexedValueType. */
const INDEXED = { Keyword: 2, Bool: 5 } as const;
const DAY_S = 86_400;

export interface FreshNamespace {
  readonly address: string;
  readonly namespace: string;
  readonly client: Client;
  close(): Promise<void>;
}

/** A namespace of its own on the run's server, because ids like `watch/fleet` are fixed in one; usable when this returns. */
export async function freshNamespace(): Promise<FreshNamespace> {
  const address = await temporalAddress();
  const connection = await Connection.connect({ address });
  const namespace = `test-${process.pid}-${randomUUID().slice(0, 8)}`;
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: { seconds: DAY_S as never } });
  const client = new Client({ connection, namespace });
  const searchAttributes = Object.fromEntries(Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED[type]]));
  await eventually('the search attributes can be added', () =>
    succeeded(() => connection.operatorService.addSearchAttributes({ namespace, searchAttributes })),
  );
  await eventually('a workflow with search attributes can be started', () => succeeded(() => probe(client)));
  return { address, namespace, client, close: () => connection.close() };
}

/** Starts a workflow that nobody runs, with an attribute of each type, and ends it. */
async function probe(client: Client): Promise<void> {
  const handle = await client.workflow.start('probe', {
    workflowId: 'probe',
    taskQueue: 'nobody',
    args: [],
    workflowIdConflictPolicy: 'USE_EXISTING',
    typedSearchAttributes: [
      { key: defineSearchAttributeKey('BerthApp', 'KEYWORD'), value: 'probe' },
      { key: defineSearchAttributeKey('BerthPaused', 'BOOL'), value: false },
    ],
  });
  await handle.terminate();
}

/** False while the server's parts have not yet heard of the namespace. */
async function succeeded(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const text = error instanceof Error ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}` : '';
    if (/NOT_FOUND|INVALID_ARGUMENT|not found|is not defined/i.test(text)) return false;
    throw error;
  }
}
