import { ParentClosePolicy, setCurrentDetails, startChild } from '@temporalio/workflow';

import { control, drift } from './activity-groups.ts';
import { attributes } from './attributes.ts';
import { workflowIds } from './queues.ts';
import { safeText } from './text.ts';
import { trainModel } from './train-model.ts';

export interface DriftSummary {
  readonly models: number;
  /** What has drifted, in sentences. */
  readonly drifted: readonly string[];
  /** Keys whose training was started for it. */
  readonly trained: readonly string[];
}

/** Compares what models say with what happens, and asks for a training where that has drifted. The training moves nothing, and promotion judges what it gives. */
export async function checkDrift(): Promise<DriftSummary> {
  const { batches, intervalS } = await control.planDriftCheck({});
  const summary = { models: batches.flat().length, drifted: [] as string[], trained: [] as string[] };
  for (const keys of batches) {
    const found = await drift.findDrift({ keys, intervalS });
    if (found.length === 0) continue;
    summary.drifted.push(...found.map(({ key, version, why }) => `${key} version ${version}: ${why}`));
    const { train } = await control.askTraining({ found });
    for (const key of train) if (await startTraining(key)) summary.trained.push(key);
  }
  setCurrentDetails(summary.drifted.map((line) => safeText(line)).join('\n\n') || `${summary.models} models: none has drifted`);
  return summary;
}

/** False: somebody trains it already. */
async function startTraining(key: string): Promise<boolean> {
  try {
    await startChild(trainModel, {
      workflowId: workflowIds.train(key),
      args: [{ app: key, profile: false, refresh: true }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      typedSearchAttributes: [{ key: attributes.app, value: key }],
      staticSummary: `train ${key}: it has drifted`,
    });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError') return false;
    throw error;
  }
}
