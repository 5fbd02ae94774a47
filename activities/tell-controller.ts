import { QUEUE, workflowIds } from '../workflows/queues.ts';
import type { ControlDeps } from './deps.ts';

/** Signals a controller and starts it where there is none. */
export async function tell(client: ControlDeps['client'], app: string, signal: string, message: unknown): Promise<void> {
  await client.workflow.signalWithStart('placementController', {
    workflowId: workflowIds.controller(app),
    taskQueue: QUEUE.control,
    args: [{ app }],
    signal,
    signalArgs: [message],
    typedSearchAttributes: [{ key: { name: 'BerthApp', type: 'KEYWORD' }, value: app }],
    staticSummary: `placement of ${app}`,
  });
}
