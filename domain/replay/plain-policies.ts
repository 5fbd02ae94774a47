import { type ReplayPolicy, stateless } from './policy.ts';
import type { Past } from './trace.ts';

/** Stays on one site from the first window on. */
export function neverMove(site: string): ReplayPolicy {
  return stateless(`never-move:${site}`, (past) => past.sites.indexOf(site));
}

/** Goes wherever the last window was best; ties and unknown sites change nothing. */
export function alwaysBestLastWindow(): ReplayPolicy {
  return stateless('always-best-last-window', (past, here) => {
    const now = lastScore(past, here);
    if (Number.isNaN(now)) return here;
    const best = bestSite(past);
    return best >= 0 && lastScore(past, best) > now ? best : here;
  });
}

/** The reference's first rule, as published: the arg-max of the last window at every tick, without asking where the app is. */
export function argMaxEveryTick(): ReplayPolicy {
  return stateless('reference:arg-max', (past, here) => {
    const best = bestSite(past);
    return best < 0 ? here : best;
  });
}

/** The first of the sites with the highest score in the last window; -1 = none is known. */
function bestSite(past: Past): number {
  let best = -1;
  for (let site = 0; site < past.sites.length; site++) {
    const score = lastScore(past, site);
    if (!Number.isNaN(score) && (best < 0 || score > lastScore(past, best))) best = site;
  }
  return best;
}

function lastScore(past: Past, site: number): number {
  return past.now === 0 ? NaN : past.score(past.now - 1, site);
}
