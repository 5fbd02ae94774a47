import { setTimeout as wait } from 'node:timers/promises';

import type { WorkflowHandle } from '@temporalio/client';

import type { Config, Objective } from '../../domain/config.ts';
import type { TrainResult } from '../../workflows/train-model.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import type { Up } from '../up/bring-up.ts';
import { clockOf } from './clock.ts';
import { Live } from './live.ts';

/** The app that berth moves by its model. */
export const APP = 'berth';

export interface Watched {
  readonly config: Config;
  readonly say: (line: string) => void;
  readonly terminal: boolean;
}

export function objectiveOf(config: Config): Objective {
  const objective = config.objectives[config.apps[APP]?.objective ?? ''];
  if (!objective) throw new Error(`the demo's configuration has no objective for ${APP}`);
  return objective;
}

export async function startTraining({ client }: Up): Promise<WorkflowHandle> {
  return await client.workflow.start('trainModel', {
    workflowId: workflowIds.train(APP),
    taskQueue: QUEUE.control,
    args: [{ app: APP }],
    staticSummary: `profile and train ${APP}`,
  });
}

/** Shows the visits while training runs; its failure is the demo's. */
export async function follow(
  handle: WorkflowHandle,
  siteOf: () => Promise<string | undefined>,
  say: (line: string) => void,
): Promise<TrainResult> {
  let done = false;
  const result = handle.result().finally(() => (done = true)) as Promise<TrainResult>;
  let shown = '';
  const showing = (async () => {
    while (!done) {
      const line = (await siteOf()) ?? '';
      if (line !== shown && line !== '') say(`   ${clockOf(Date.now())} ${APP} on ${line}`);
      shown = line;
      await wait(500);
    }
  })();
  const [trained] = await Promise.all([result, showing]);
  return trained;
}

export async function watch({ store }: Up, options: Watched, untilMs: number): Promise<void> {
  const live = new Live({ store, objective: objectiveOf(options.config), say: options.say, terminal: options.terminal });
  while (Date.now() < untilMs) {
    await live.update();
    await wait(500);
  }
  live.end();
}

/** No new looks; the moves under way come to their end. */
export async function settle({ client, store }: Up): Promise<void> {
  await client.schedule.getHandle('predict-fleet').pause('the comparison is over');
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await wait(200)) {
    if ((await store.openClaims()).length === 0) return;
  }
}

export const uiOf = ({ endpoints }: Up): string =>
  endpoints.uiUrl === undefined ? 'no web UI is known' : `${endpoints.uiUrl}/namespaces/${endpoints.namespace}/workflows`;

/** Ctrl-C and TERM end the demo in order: what was started is stopped. */
export function interruption(): { promise: Promise<never>; forget: () => void } {
  let forget = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new Error('interrupted'));
    process.once('SIGINT', stop).once('SIGTERM', stop);
    forget = () => void process.off('SIGINT', stop).off('SIGTERM', stop);
  });
  promise.catch(() => undefined);
  return { promise, forget };
}
