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
