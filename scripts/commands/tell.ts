import { userInfo } from 'node:os';

import { WithStartWorkflowOperation, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { Command } from 'commander';

import type { Store } from '../../connectors/store/types.ts';
import type { Answer, ApprovalMessage, OperatorMessage, SiteMessage } from '../../workflows/messages.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { Told, type Connected } from './connect.ts';

export interface Options {
  readonly by: string;
  readonly reason: string;
  readonly until?: string;
  readonly for?: string;
}

export const print = (line: string) => void process.stdout.write(`${line}\n`);

/** Who says so and why, and for how long where that makes sense. */
export function said(command: Command, ends: boolean): Command {
  command.option('--by <name>', 'who says so', userInfo().username).requiredOption('--reason <text>', 'why');
  return ends
    ? command.option('--until <instant>', 'until when (ISO 8601 with a zone)').option('--for <seconds>', 'for how long')
    : command;
}

export function message(options: Options): OperatorMessage {
  return {
    by: options.by,
    reason: options.reason,
    id: `${options.by}-${Date.now()}`,
    ...(options.until !== undefined && { until: options.until }),
    ...(options.for !== undefined && { forS: Number(options.for) }),
  };
}

/** A name that nobody has is the commonest mistake; it is told before anything is started. */
export async function known(store: Store, kind: 'apps' | 'sites', name: string): Promise<void> {
  const names = Object.keys((await store.config())?.config[kind] ?? {});
  if (!names.includes(name))
    throw new Told(`no ${kind.slice(0, -1)} is called ${name}; there are ${names.join(', ') || 'none, because nothing was applied'}`, 2);
}

interface Word {
  readonly app: string;
  readonly update: string;
  readonly message: OperatorMessage | SiteMessage | ApprovalMessage;
}

/** Tells the controller of an app, which is started if it is not there, and returns its answer. */
export async function tellApp({ client, store }: Connected, word: Word): Promise<string> {
  await known(store, 'apps', word.app);
  const start = new WithStartWorkflowOperation('placementController', {
    workflowId: workflowIds.controller(word.app),
    taskQueue: QUEUE.control,
    args: [{ app: word.app }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `placement of ${word.app}`,
  });
  return await answered(async () =>
    client.workflow.executeUpdateWithStart<(input: { app: string }) => Promise<void>, Answer, [OperatorMessage]>(word.update, {
      args: [word.message],
      startWorkflowOperation: start,
    }),
  );
}

export async function tellWorkflow(client: Client, workflowId: string, word: Omit<Word, 'app'>): Promise<string> {
  return await answered(async () =>
    client.workflow.getHandle(workflowId).executeUpdate<Answer, [OperatorMessage]>(word.update, { args: [word.message] }),
  );
}

async function answered(ask: () => Promise<Answer>): Promise<string> {
  try {
    return (await ask()).said;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw new Told(error.cause?.message ?? error.message, 2);
    throw error;
  }
}
