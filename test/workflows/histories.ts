import { temporal } from '@temporalio/proto';
import type { WorkflowHandle } from '@temporalio/client';

import { eventually } from '../contracts/eventually.ts';

const { EventType, WorkflowTaskFailedCause } = temporal.api.enums.v1;
const UNHANDLED_COMMAND = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND;

/** Number of events in the history of a run: of the newest, unless the handle names one. */
export async function eventsOf(handle: WorkflowHandle): Promise<number> {
  return (await handle.describe()).historyLength;
}

/** Names of the events of a history, oldest first, as the server spells them without their prefix. */
export async function eventTypesOf(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  // A message that arrives just as a run continues as new makes the server ask again: nothing has gone wrong with the workflow.
  const told = (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes?.cause !== UNHANDLED_COMMAND);
  return told.map((event) => (EventType[event.eventType ?? 0] ?? '').replace('EVENT_TYPE_', ''));
}

/** Until no workflow task of a run is under way or waiting. */
export async function atRest(handle: WorkflowHandle): Promise<void> {
  await eventually(`${handle.workflowId} has gone to rest`, async () => !(await handle.describe()).raw.pendingWorkflowTask);
}
