import type { Past } from './trace.ts';

/** Something that places apps: at the beginning of each window it says where each app is to be until the next. */
export interface ReplayPolicy {
  readonly name: string;
  /**
   * Site index per app, in the order of `pasts`; `here` is where they are. Called once per window, in order: what it keeps for itself is the
   * past too.
   */
  decide(pasts: readonly Past[], here: readonly number[]): readonly number[];
}

/** A policy that looks at one app at a time and keeps nothing. */
export function stateless(name: string, choose: (past: Past, here: number) => number): ReplayPolicy {
  return { name, decide: (pasts, here) => pasts.map((past, app) => choose(past, here[app] ?? 0)) };
}
