import type { ReplayPolicy } from './policy.ts';
import type { Past } from './trace.ts';

export interface ThresholdRule {
  /** Its edge: the site that it leaves when the score falls below the target, and comes back to. */
  readonly start: number;
  readonly target: number;
}

/** The reference leaves above 0.2 s and comes back below 0.045 s: so much of the way from the target to the best there is. */
const BACK_AT = (0.2 - 0.045) / 0.2;

/**
 * The reference's reactive rule, as published: on the edge it leaves when the last window was below the target; elsewhere it moves on when the last
 * window was far above it. The destination is the next site of the list, whatever is known of it. An unknown score moves nothing.
 */
export function reactive(rule: ThresholdRule): ReplayPolicy {
  return byThreshold('reference:reactive', rule, (past, here) => (past.now === 0 ? NaN : past.score(past.now - 1, here)));
}

/** What a model says of a site from a window on; NaN = nothing. */
export type Expected = (app: number, window: number, site: number) => number;

/** The same on what a model expects of the present site instead of what was: the reference's proactive rule. */
export function proactive(rule: ThresholdRule, expected: Expected): ReplayPolicy {
  return byThreshold('reference:proactive', rule, (past, here, app) => (past.now === 0 ? NaN : expected(app, past.now - 1, here)));
}

function byThreshold(
  name: string,
  { start, target }: ThresholdRule,
  scoreOf: (past: Past, here: number, app: number) => number,
): ReplayPolicy {
  const back = target + BACK_AT * (1 - target);
  return {
    name,
    decide: (pasts, here) =>
      pasts.map((past, app) => {
        const site = here[app] ?? start;
        const score = scoreOf(past, site, app);
        const goes = site === start ? score < target : score > back;
        return goes ? (site + 1) % past.sites.length : site;
      }),
  };
}
