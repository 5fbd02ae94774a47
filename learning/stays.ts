import { tickMs } from './dataset.ts';
import type { Frame } from '../domain/frame.ts';
import type { Visit } from './profile.ts';

/**
 * The visits as long as the app was really there: until it was seen elsewhere, or the next visit began. A site goes on serving while the next
 * one starts up, and what it showed then is as good as the visit itself.
 */
export function prolonged(frame: Frame, visits: readonly Visit[]): Visit[] {
  return visits.map((visit) => {
    if (visit.outcome !== 'observed') return visit;
    const nextMs = Math.min(...visits.map((v) => v.fromMs).filter((fromMs) => fromMs > visit.fromMs));
    let toMs = visit.toMs;
    for (let tick = 0; tick < frame.grid.ticks; tick++) {
      const timeMs = tickMs(frame, tick);
      if (timeMs <= toMs) continue;
      if (timeMs > nextMs || siteAt(frame, tick) !== visit.site) break;
      toMs = timeMs;
    }
    return { ...visit, toMs };
  });
}

/**
 * Where another app was while the visits went on: a stretch for every site it stayed on, from `settleS` after it was first seen there, cut where
 * a visit begins, so that what was seen at the same time can be held out together.
 */
export function staysOf(frame: Frame, visits: readonly Visit[], settleS: number): Visit[] {
  const cuts = visits.filter((v) => v.outcome === 'observed').map((v) => v.fromMs);
  const begunMs = Math.min(...cuts);
  const stays: { site: string; fromMs: number; toMs: number }[] = [];
  let here: string | undefined;
  let since = -Infinity;
  for (let tick = 0; tick < frame.grid.ticks; tick++) {
    const site = siteAt(frame, tick);
    const timeMs = tickMs(frame, tick);
    if (site !== undefined && site !== here) [here, since] = [site, here === undefined ? -Infinity : timeMs + settleS * 1000];
    const beforeMs = timeMs - frame.grid.stepMs;
    if (site === undefined || beforeMs < Math.max(begunMs, since)) continue;
    const last = stays.at(-1);
    const goesOn = last?.site === site && last.toMs === beforeMs && !cuts.some((cut) => cut >= beforeMs && cut < timeMs);
    if (goesOn) last.toMs = timeMs;
    else stays.push({ site, fromMs: beforeMs, toMs: timeMs });
  }
  return stays.map((stay) => ({ ...stay, outcome: 'observed' }));
}

function siteAt({ app, sites }: Frame, tick: number): string | undefined {
  return sites.sites[app.placed[tick] ?? -1];
}
