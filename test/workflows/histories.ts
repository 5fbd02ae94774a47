import { temporal } from '@temporalio/proto';
import type { WorkflowHandle } from '@temporalio/client';

import { eventually } from '../contracts/eventually.ts';

const { EventType } = temporal.api.enums.v1;

/** Number of events in the history of a run: of the newest, unless the handle names one. */
export async function eventsOf(handle: WorkflowHandle): Promise<number> {
  return (await handle.describe()).historyLength;
}

/** Names of the events of a history, oldest first, as the server spells them without their prefix. */
export async function eventTypesOf(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).map((event) => (EventType[event.eventType ?? 0] ?? '').replace('EVENT_TYPE_', ''));
}

/** Until no workflow task of a run is under way or waiting. */
export async function atRest(handle: WorkflowHandle): Promise<void> {
  await eventually(`${handle.workflowId} has gone to rest`, async () => !(await handle.describe()).raw.pendingWorkflowTask);
}
