import type { ReplayPolicy } from './policy.ts';
import { pastOf, type Trace } from './trace.ts';

/** Where each app is in each window under a policy: site index at `app * windows + window`. */
export type Course = Int32Array;

/** Plays a policy over the traces of a fleet, which share their windows and sites. Every app begins on `start`. */
export function runPolicy(traces: readonly Trace[], policy: ReplayPolicy, start: number): Course {
  const windows = traces[0]?.windows ?? 0;
  const course = new Int32Array(traces.length * windows);
  let here: readonly number[] = traces.map(() => start);
  for (let now = 0; now < windows; now++) {
    here = policy.decide(
      traces.map((trace) => pastOf(trace, now)),
      here,
    );
    here.forEach((site, app) => (course[app * windows + now] = site));
  }
  return course;
}

/** The best site of every window, known only afterwards. Where no site is known the app stays. */
export function hindsight(traces: readonly Trace[], start: number): Course {
  const windows = traces[0]?.windows ?? 0;
  const course = new Int32Array(traces.length * windows);
  traces.forEach(({ sites, scores }, app) => {
    let here = start;
    for (let window = 0; window < windows; window++) {
      const row = window * sites.length;
      let best = -1;
      for (let site = 0; site < sites.length; site++) {
        const score = scores[row + site] ?? NaN;
        if (score > (best < 0 ? -Infinity : (scores[row + best] ?? NaN))) best = site;
      }
      // A tie with the present site is no reason to move.
      if (best >= 0 && scores[row + best] !== scores[row + here]) here = best;
      course[app * windows + window] = here;
    }
  });
  return course;
}
