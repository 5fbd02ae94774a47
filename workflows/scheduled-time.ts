import { workflowInfo } from '@temporalio/workflow';

const SCHEDULED = { name: 'TemporalScheduledStartTime', type: 'DATETIME' } as const;

/** When a Schedule meant this run to start, so that a backfill sees its own time; a run started by hand has its start time. Epoch ms. */
export function scheduledMs(): number {
  const scheduled = workflowInfo().typedSearchAttributes.get(SCHEDULED);
  return (scheduled ?? workflowInfo().startTime).getTime();
}
