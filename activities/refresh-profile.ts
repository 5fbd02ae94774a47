import type { Frame } from '../domain/frame.ts';
import { liveVisits } from '../learning/live-visits.ts';
import type { Profile } from '../learning/profile.ts';
import type { ControlDeps } from './deps.ts';
import { configured } from './looks.ts';

/** Seconds before the first live visit that a frame keeps, as history of its first rows. */
const HISTORY_S = 60;
/** So much of the recent past is learned from at most: two hours, and not more rows than a training takes in minutes. */
const SPAN_S = 7200;
const TICKS_MAX = 7200;

export const refreshActivities = ({ store, blobs, frames, clock }: Pick<ControlDeps, 'store' | 'blobs' | 'frames' | 'clock'>) => ({
  /** Adds what was seen of an app since its newest profile, where it happened to be, as a profile of its own. Moves nothing. */
  async refreshProfile({ app, id }: { app: string; id: string }): Promise<{ visits: number; why?: string }> {
    if (await store.profile(id)) return { visits: 0, why: 'it is written already' };
    const { config } = await configured(store);
    const row = await store.latestProfile(app);
    const profile = row?.profile as Profile | undefined;
    if (!profile) return { visits: 0, why: `${app} has no profile yet` };
    const toMs = clock();
    const stepMs = Math.round(profile.stepS * 1000);
    const spanMs = Math.min(SPAN_S * 1000, TICKS_MAX * stepMs);
    const known = profile.visits.reduce((newest, visit) => Math.max(newest, visit.toMs), 0);
    const fromMs = Math.max(known, toMs - spanMs);
    const frame = await store.telemetry.window({ app, sites: profile.sites, fromMs: fromMs - HISTORY_S * 1000, toMs, stepMs });
    if ('kind' in frame) return { visits: 0, why: frame.why };
    const visits = liveVisits(frame, { fromMs, visitS: config.profile.visit });
    if (visits.length === 0) return { visits: 0, why: `nothing was seen of ${app} since its profile` };
    await save(frame, visits);
    return { visits: visits.length };

    async function save(seen: Frame, more: Profile['visits']): Promise<void> {
      const sha256 = await blobs.put(frames.encode(seen));
      const body: Profile = { ...profile!, visits: [...profile!.visits, ...more], frames: [...profile!.frames, sha256] };
      await store.saveProfile({ id, app, createdMs: toMs, profile: body });
    }
  },
});
