import { ApplicationFailure } from '@temporalio/activity';

import { objectiveDigest } from '../domain/objective.ts';
import type { Profile, Visit } from '../learning/profile.ts';
import type { ControlDeps } from './deps.ts';

export interface VisitPlan {
  /** Where the app is, and will be again. */
  readonly home: string;
  /** Sites in the order of their visits. */
  readonly sites: readonly string[];
  readonly visitS: number;
  readonly settleS: number;
  readonly readyDeadlineS: number;
  readonly revertDeadlineS: number;
}

/** Seconds of telemetry before the first visit that a frame keeps, as history of its first rows. */
const HISTORY_S = 60;

export const profileActivities = ({ store, cluster, blobs, frames, clock }: ControlDeps) => ({
  /** Every site in turn, round after round, so that no site is only seen in one phase of what repeats. */
  async planVisits(input: { app: string; visits?: number; visitS?: number; claimId: string }): Promise<VisitPlan> {
    const applied = await store.config();
    const spec = applied?.config.apps[input.app];
    const policy = spec && applied.config.policies[spec.policy];
    if (!applied || !spec || !policy) throw ApplicationFailure.nonRetryable(`no app is called ${input.app} in the applied configuration`, 'BadInput');
    const [placement] = await cluster.placements([input.app]);
    if (placement?.site === undefined) throw ApplicationFailure.retryable(`where ${input.app} runs could not be told`, 'NoData');
    const { profile } = applied.config;
    const refused = new Set((await cluster.feasibility([input.app])).filter((r) => r.site !== placement.site).map((r) => r.site));
    const sites = (spec.sites ?? Object.keys(applied.config.sites)).filter((site) => !refused.has(site));
    const rounds = input.visits ?? profile.visits;
    return {
      home: placement.site, sites: Array.from({ length: rounds }, () => sites).flat(), visitS: input.visitS ?? profile.visit, settleS: profile.settle,
      readyDeadlineS: policy.ready.deadline, revertDeadlineS: Math.max(60, 2 * policy.ready.deadline),
    };
  },

  /** Writes the telemetry of the visits as a frame and the profile that names it. */
  async assembleProfile({ app, claimId, visits }: { app: string; claimId: string; visits: readonly Visit[] }): Promise<{ profileId: string; visits: number; failed: number; rows: number }> {
    const applied = await store.config();
    const spec = applied?.config.apps[app];
    const objective = spec && applied.config.objectives[spec.objective];
    if (!applied || !spec || !objective) throw ApplicationFailure.nonRetryable(`no app is called ${app} in the applied configuration`, 'BadInput');
    const observed = visits.filter((v) => v.outcome === 'observed');
    if (observed.length === 0) throw ApplicationFailure.nonRetryable(`not one visit of ${app} could be observed`, 'TooLittleData');
    const sites = spec.sites ?? Object.keys(applied.config.sites);
    const stepMs = Math.round(applied.config.telemetry.step * 1000);
    const fromMs = Math.min(...observed.map((v) => v.fromMs)) - HISTORY_S * 1000;
    const toMs = Math.max(...observed.map((v) => v.toMs));
    const frame = await store.telemetry.window({ app, sites, fromMs, toMs, stepMs });
    if ('kind' in frame) throw ApplicationFailure.retryable(`no telemetry of ${app}: ${frame.why}`, 'NoData');
    const sha256 = await blobs.put(frames.encode(frame));
    const profile: Profile = {
      app, sites, stepS: applied.config.telemetry.step, load: spec.local?.load.rate ?? 0, objectiveDigest: objectiveDigest(objective), visits, frames: [sha256],
    };
    await store.saveProfile({ id: claimId, app, createdMs: clock(), profile });
    return { profileId: claimId, visits: observed.length, failed: visits.length - observed.length, rows: frame.grid.ticks * sites.length };
  },
});
