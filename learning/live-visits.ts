import type { Frame } from '../domain/frame.ts';
import type { Visit } from './profile.ts';

/** A stretch shorter than this share of a visit is not worth holding out. */
const SHORTEST = 0.5;
/** Ticks in a row without a sample of where the app was that do not end a stretch: it is where it was seen before and after. */
const UNSEEN_MAX = 4;

/** Where an app was anyway, cut into stretches as long as a visit of a profile: what is held out stays of one size. */
export function liveVisits({ grid, sites, app }: Frame, { fromMs, visitS }: { fromMs: number; visitS: number }): Visit[] {
  const visits: Visit[] = [];
  const visitMs = visitS * 1000;
  let open: { place: number; fromMs: number; toMs: number } | undefined;
  const close = (): void => {
    const site = sites.sites[open?.place ?? -1];
    if (open && site !== undefined && open.toMs - open.fromMs >= SHORTEST * visitMs)
      visits.push({ site, fromMs: open.fromMs, toMs: open.toMs, outcome: 'observed' });
    open = undefined;
  };
  let unseen = 0;
  for (let tick = 0; tick < grid.ticks; tick++) {
    const toMs = grid.startMs + (tick + 1) * grid.stepMs;
    const place = app.placed[tick] ?? -1;
    if (toMs - grid.stepMs < fromMs) continue;
    if (place < 0) {
      if (++unseen > UNSEEN_MAX) close();
      continue;
    }
    unseen = 0;
    if (open && (open.place !== place || open.toMs - open.fromMs >= visitMs)) close();
    open = open ? { ...open, toMs } : { place, fromMs: toMs - grid.stepMs, toMs };
  }
  close();
  return visits;
}
