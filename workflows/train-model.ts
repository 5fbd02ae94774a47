import {
  ApplicationFailure,
  ParentClosePolicy,
  executeChild,
  setCurrentDetails,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';

import type { Fitted } from '../activities/training.ts';
import { control, training } from './activity-groups.ts';
import { attributes } from './attributes.ts';
import { trainInput } from './inputs.ts';
import { profileApp } from './profile-app.ts';
import { promoteModel, type PromoteResult } from './promote-model.ts';
import { workflowIds } from './queues.ts';
import { safeText } from './text.ts';

export interface TrainInput {
  /** The app whose profile is learned from; its name is the key of the model. */
  readonly app: string;
  readonly seed?: number;
  /** Take a new profile even if there is one. */
  readonly reprofile?: boolean;
  /** Whether the app may be moved to take a profile; false is how Schedules start it, because nobody is watching. Absent: true. */
  readonly profile?: boolean;
  /** Learn from what was seen since the profile as well; drift asks for it. */
  readonly refresh?: boolean;
}

export interface TrainResult {
  readonly app: string;
  readonly version: number;
  readonly servedBy: 'model' | 'baseline';
  readonly said: string;
  readonly promoted: boolean;
  /** Why it became champion, or was kept as challenger. */
  readonly verdict: string;
}

/** Learns from the newest profile, makes one first if there is none or it is too short, and hands the challenger to promotion. */
export async function trainModel(given: TrainInput): Promise<TrainResult> {
  const input = trainInput(given);
  if (input.refresh) await control.refreshProfile({ app: input.app, id: workflowInfo().runId });
  let fitted = input.reprofile ? undefined : await fit(input);
  if ((!fitted || fitted.kind === 'too-little') && input.profile !== false) {
    await executeChild(profileApp, {
      workflowId: workflowIds.profile(input.app),
      args: [{ app: input.app }],
      typedSearchAttributes: [{ key: attributes.app, value: input.app }],
      staticSummary: `profile of ${input.app}`,
    });
    fitted = await fit(input);
  }
  if (!fitted || fitted.kind === 'too-little')
    throw ApplicationFailure.nonRetryable(fitted?.why ?? 'no profile may be taken', 'TooLittleData');
  setCurrentDetails(`version ${fitted.version}: ${safeText(fitted.said, 1000)}`);
  const said = { app: input.app, version: fitted.version, servedBy: fitted.servedBy, said: fitted.said };
  const child = await promote(input.app, fitted.version);
  // What takes days is not waited for: the next training must not wait for it either.
  if (fitted.waits)
    return { ...said, promoted: false, verdict: `${workflowIds.promote(input.app, fitted.version)} decides: ${fitted.waits}` };
  const promoted = await child.result();
  return { ...said, promoted: promoted.promoted, verdict: promoted.why };
}

/** One training at a time: whoever finds another one at it asks again, less and less often. */
async function fit(input: TrainInput): Promise<Exclude<Fitted, { kind: 'busy' }>> {
  for (let waitS = 2; ; waitS = Math.min(60, 2 * waitS)) {
    const fitted = await training.fitModel.executeWithOptions({ summary: `train ${input.app}`.slice(0, 200) }, [
      { app: input.app, seed: input.seed ?? 1, by: workflowInfo().workflowId, holder: workflowInfo().runId },
    ]);
    if (fitted.kind !== 'busy') return fitted;
    setCurrentDetails(`waits for another training: ${safeText(fitted.why)}`);
    await sleep(waitS * 1000);
  }
}

async function promote(key: string, version: number): Promise<{ result: () => Promise<PromoteResult> }> {
  return await startChild(promoteModel, {
    workflowId: workflowIds.promote(key, version),
    args: [{ key, version }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    typedSearchAttributes: [
      { key: attributes.app, value: key },
      { key: attributes.model, value: `${key}@${version}` },
    ],
    staticSummary: `promote ${key} version ${version}`,
  });
}
