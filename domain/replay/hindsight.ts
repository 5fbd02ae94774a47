import type { Course } from './run-policy.ts';
import type { Trace } from './trace.ts';

export interface HindsightOptions {
  readonly start: number;
  /** Seconds without service that one move costs. */
  readonly moveCostS: number;
}

/**
 * Where the apps would best have been, known only afterwards: the course with the greatest sum of scores, less what its moves cost; of equal
 * ones that with the fewest moves, made as late as can be. Where no site is known the app stays. Dynamic programming over the windows (Viterbi), O(windows x sites).
 */
export function hindsight(traces: readonly Trace[], options: HindsightOptions): Course {
  const windows = traces[0]?.windows ?? 0;
  const course = new Int32Array(traces.length * windows);
  traces.forEach((trace, app) => course.set(bestCourse(trace, options), app * windows));
  return course;
}

/** The best course so far that is on one site. */
interface Best {
  readonly sum: number;
  readonly moves: number;
}

function bestCourse(trace: Trace, { start, moveCostS }: HindsightOptions): Int32Array {
  const n = trace.sites.length;
  const lost = lossOf(trace, moveCostS);
  /** Site before, at `window * n + site`, on the best course that is on `site` in `window`. */
  const from = new Int32Array(trace.windows * n);
  let bests: readonly Best[] = trace.sites.map((_, site) => ({ sum: site === start ? 0 : -Infinity, moves: 0 }));
  for (let window = 0; window < trace.windows; window++) {
    const leave = highest(bests);
    bests = bests.map((stay, site) => {
      const { sum, moves } = bests[leave] ?? stay;
      const arrive = { sum: sum - lost(window, site), moves: moves + 1 };
      const moved = site !== leave && !isBetter(stay, arrive);
      from[window * n + site] = moved ? leave : site;
      const best = moved ? arrive : stay;
      return { ...best, sum: best.sum + worth(trace, window, site) };
    });
  }
  const course = new Int32Array(trace.windows);
  let site = highest(bests);
  for (let window = trace.windows - 1; window >= 0; window--) {
    course[window] = site;
    site = from[window * n + site] ?? site;
  }
  return course;
}

const isBetter = (a: Best, b: Best): boolean => a.sum > b.sum || (a.sum === b.sum && a.moves < b.moves);

function highest(bests: readonly Best[]): number {
  return bests.reduce((best, one, site) => (isBetter(one, bests[best] ?? one) ? site : best), 0);
}

/** What a move to a site at the beginning of a window loses of the scores there, were the app to stay until it serves. */
function lossOf(trace: Trace, moveCostS: number): (window: number, site: number) => number {
  const everyS = trace.everyMs / 1000;
  return (window, site) => {
    let loss = 0;
    for (let left = moveCostS, at = window; left > 0 && at < trace.windows; left -= everyS, at++)
      loss += worth(trace, at, site) * Math.min(1, left / everyS);
    return loss;
  };
}

/** An unknown window is worth nothing, so that a known one is preferred to it. */
function worth({ sites, scores }: Trace, window: number, site: number): number {
  const score = scores[window * sites.length + site] ?? NaN;
  return Number.isNaN(score) ? 0 : score;
}
