import { ApplicationFailure } from '@temporalio/activity';

import type { Config } from '../domain/config.ts';
import type { Frame } from '../domain/frame.ts';
import { objectiveDigest } from '../domain/objective.ts';
import type { Profile, Visit } from '../learning/profile.ts';
import { prolonged, staysOf } from '../learning/stays.ts';
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
    if (!applied || !spec || !policy)
      throw ApplicationFailure.nonRetryable(`no app is called ${input.app} in the applied configuration`, 'BadInput');
    const [placement] = await cluster.placements([input.app]);
    if (placement?.site === undefined) throw ApplicationFailure.retryable(`where ${input.app} runs could not be told`, 'NoData');
    const { profile } = applied.config;
    const refused = new Set((await cluster.feasibility([input.app])).filter((r) => r.site !== placement.site).map((r) => r.site));
    const controller = await store.controller(input.app);
    const inForce = (s: { untilMs?: number }) => s.untilMs === undefined || s.untilMs > clock();
    if (controller?.override && inForce(controller.override)) {
      throw ApplicationFailure.nonRetryable(
        `${input.app} is overridden to ${controller.override.site} by ${controller.override.by}`,
        'Refused',
      );
    }
    for (const excluded of controller?.excluded.filter(inForce) ?? []) refused.add(excluded.site);
    const sites = (spec.sites ?? Object.keys(applied.config.sites)).filter((site) => !refused.has(site));
    const rounds = input.visits ?? profile.visits;
    return {
      home: placement.site,
      sites: Array.from({ length: rounds }, () => sites).flat(),
      visitS: input.visitS ?? profile.visit,
      settleS: profile.settle,
      readyDeadlineS: policy.ready.deadline,
      revertDeadlineS: Math.max(60, 2 * policy.ready.deadline),
    };
  },

  /** Writes the telemetry of the visits as a frame and the profile that names it. */
  async assembleProfile({
    app,
    claimId,
    visits,
  }: {
    app: string;
    claimId: string;
    visits: readonly Visit[];
  }): Promise<{ profileId: string; visits: number; failed: number; rows: number }> {
    const applied = await store.config();
    const spec = applied?.config.apps[app];
    const objective = spec && applied.config.objectives[spec.objective];
    if (!applied || !spec || !objective)
      throw ApplicationFailure.nonRetryable(`no app is called ${app} in the applied configuration`, 'BadInput');
    const observed = visits.filter((v) => v.outcome === 'observed');
    if (observed.length === 0) throw ApplicationFailure.nonRetryable(`not one visit of ${app} could be observed`, 'TooLittleData');
    const sites = spec.sites ?? Object.keys(applied.config.sites);
    const stepMs = Math.round(applied.config.telemetry.step * 1000);
    const fromMs = Math.min(...observed.map((v) => v.fromMs)) - HISTORY_S * 1000;
    const toMs = Math.max(...observed.map((v) => v.toMs));
    const frame = await store.telemetry.window({ app, sites, fromMs, toMs, stepMs });
    if ('kind' in frame) throw ApplicationFailure.retryable(`no telemetry of ${app}: ${frame.why}`, 'NoData');
    const peers = await peerFrames(store, { app, config: applied.config, sites, fromMs, toMs, stepMs });
    const all = [...prolonged(frame, visits), ...peers.flatMap((peer) => staysOf(peer, visits, applied.config.profile.settle))];
    const sha256 = [];
    for (const each of [frame, ...peers]) sha256.push(await blobs.put(frames.encode(each)));
    const profile: Profile = {
      app,
      sites,
      stepS: applied.config.telemetry.step,
      load: meanLoad(frame),
      objectiveDigest: objectiveDigest(objective),
      visits: all,
      frames: sha256,
    };
    await store.saveProfile({ id: claimId, app, createdMs: clock(), profile });
    return { profileId: claimId, visits: observed.length, failed: visits.length - observed.length, rows: frame.grid.ticks * sites.length };
  },
});

interface PeerRequest {
  readonly app: string;
  readonly config: Config;
  readonly sites: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** What the apps that are served by this app's model went through in the same time: their telemetry teaches it as well. */
async function peerFrames(store: ControlDeps['store'], { app, config, ...window }: PeerRequest): Promise<Frame[]> {
  const objective = config.apps[app]?.objective;
  const peers = Object.entries(config.apps)
    .filter(([name, spec]) => name !== app && spec.model === app && spec.objective === objective)
    .map(([name]) => name);
  const frames = await Promise.all(peers.map((peer) => store.telemetry.window({ app: peer, ...window })));
  return frames.filter((frame): frame is Frame => !('kind' in frame));
}

/** Mean requests per second over the frame; 0 when none was told. */
function meanLoad({ app, grid }: Frame): number {
  const s = app.series.indexOf('load');
  const known = s < 0 ? [] : [...app.values.subarray(s * grid.ticks, (s + 1) * grid.ticks)].filter(Number.isFinite);
  return known.length === 0 ? 0 : known.reduce((sum, v) => sum + v, 0) / known.length;
}
