import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import type { Visit } from '../learning/profile.ts';
import type { VisitPlan } from '../activities/profiles.ts';
import { actuate, control, rollout, store, undo } from './activity-groups.ts';
import { profileInput } from './inputs.ts';
import { reasonOf } from './migrate-app.ts';
import { safeText } from './text.ts';

export interface ProfileInput {
  readonly app: string;
  /** Visits to each site, and seconds of each; absent: as configured. */
  readonly visits?: number;
  readonly visitS?: number;
}
export interface ProfileResult {
  readonly profileId: string;
  readonly visits: number;
  readonly failed: number;
  readonly rows: number;
}

/** Visits every site in turn under the app's load and writes down what was seen. The app is home again, whatever happened. */
export async function profileApp(given: ProfileInput): Promise<ProfileResult> {
  const input = profileInput(given);
  const claimId = `${input.app}-profile-${workflowInfo().runId}`;
  const plan = await control.planVisits({ ...input, claimId });
  const claimed = await store.claimMove({
    decisionId: claimId,
    app: input.app,
    from: plan.home,
    to: plan.home,
    origin: 'profile',
    reason: 'profiling',
    by: 'berth',
    workflowId: workflowInfo().workflowId,
  });
  if (!claimed.admitted) throw ApplicationFailure.nonRetryable(`profiling may not begin: ${claimed.refusal}`, 'Refused');
  let visits: Visit[] = [];
  let cause: unknown;
  try {
    visits = await visitAll(input.app, claimId, plan);
  } catch (error) {
    cause = error;
  }
  await CancellationScope.nonCancellable(() => goHome(input.app, claimId, plan, cause));
  if (cause !== undefined) throw cause instanceof Error ? cause : ApplicationFailure.nonRetryable('profiling failed');
  return await control.assembleProfile({ app: input.app, claimId, visits });
}

async function visitAll(app: string, claimId: string, plan: VisitPlan): Promise<Visit[]> {
  const prepared = await actuate.prepareMove({ claimId, app, to: plan.home });
  if (!prepared.ok) throw ApplicationFailure.nonRetryable(prepared.refusal, 'Refused');
  const visits: Visit[] = [];
  for (const [index, site] of plan.sites.entries()) {
    setCurrentDetails([`visit ${index + 1} of ${plan.sites.length}: **${safeText(site)}**`, '', ...visits.map(line)].join('\n'));
    visits.push(await visit({ app, claimId, plan, site, index }));
  }
  setCurrentDetails(visits.map(line).join('\n'));
  return visits;
}

/** One visit. A site that cannot be visited is noted and does not lose the others. */
async function visit(at: { app: string; claimId: string; plan: VisitPlan; site: string; index: number }): Promise<Visit> {
  const { app, claimId, plan, site, index } = at;
  const changeId = `${claimId}/${index + 1}`;
  const began = Date.now();
  try {
    await actuate.applyChange.executeWithOptions({ summary: `visit ${index + 1}: ${site}` }, [{ claimId, changeId, app, to: site }]);
    await rollout(plan.readyDeadlineS).awaitReady({
      claimId,
      changeId,
      app,
      to: site,
      deadlineS: plan.readyDeadlineS,
      stableS: plan.settleS,
    });
    const fromMs = Date.now();
    await sleep(Math.round(plan.visitS * 1000), { summary: `${plan.visitS} s on ${site}` });
    return { site, fromMs, toMs: Date.now(), outcome: 'observed' };
  } catch (error) {
    if (isCancellation(error) || isForbidden(error)) throw error;
    log.warn('a visit failed', { app, site, why: reasonOf(error) });
    return { site, fromMs: began, toMs: Date.now(), outcome: 'failed', why: reasonOf(error) };
  }
}

/** Somebody has paused the app or the fleet: no further visit, and home. */
const isForbidden = (error: unknown) =>
  error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'NotPermitted';

async function goHome(app: string, claimId: string, plan: VisitPlan, cause: unknown): Promise<void> {
  try {
    await undo(plan.revertDeadlineS).restorePlacement({ claimId, app });
  } catch (error) {
    const why = `after profiling the app could not go home: ${reasonOf(error)}`;
    await store.endMove({ decisionId: claimId, end: 'revert-failed', why });
    await control.tellController({ app, decisionId: claimId, end: 'revert-failed', why: why.slice(0, 500) });
    throw error;
  }
  await store.endMove({
    decisionId: claimId,
    end: cause === undefined ? 'done' : 'reverted',
    ...(cause === undefined ? {} : { why: reasonOf(cause) }),
  });
}

const line = (v: Visit, index: number) =>
  `- ${index + 1}. ${safeText(v.site)}: ${v.outcome}${v.why === undefined ? '' : ` (${safeText(v.why)})`}`;
