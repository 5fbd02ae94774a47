import { berthPolicy, type BerthOptions } from './berth-policy.ts';
import { type FigureOptions, figuresOf, type PolicyFigures } from './figures.ts';
import { alwaysBestLastWindow, argMaxEveryTick, neverMove } from './plain-policies.ts';
import type { ReplayPolicy } from './policy.ts';
import { type Course, hindsight, runPolicy } from './run-policy.ts';
import type { Trace } from './trace.ts';

export interface ReplayedPolicy extends PolicyFigures {
  readonly name: string;
}

export interface ReplayResult {
  readonly policies: readonly ReplayedPolicy[];
  /** Where berth had each app in each window. */
  readonly berth: Course;
}

export interface ReplayOptions extends FigureOptions, Omit<BerthOptions, 'name'> {}

/** Decides the traces again with berth, with the plain policies, and with hindsight. */
export function replayTraces(traces: readonly Trace[], options: ReplayOptions): ReplayResult {
  const play = (policy: ReplayPolicy) => ({ name: policy.name, course: runPolicy(traces, policy, options.start) });
  const sites = traces[0]?.sites ?? [];
  const berth = play(berthPolicy(traces, { ...options, name: 'berth' }));
  const played = [
    berth,
    ...sites.map((site) => play(neverMove(site))),
    play(alwaysBestLastWindow()),
    { name: 'oracle', course: hindsight(traces, options.start) },
    play(argMaxEveryTick()),
  ];
  const own = (name: string): FigureOptions => {
    const kept = sites.findIndex((site) => name === `never-move:${site}`);
    return kept < 0 ? options : { ...options, start: kept };
  };
  return { policies: played.map(({ name, course }) => ({ name, ...figuresOf(traces, course, own(name)) })), berth: berth.course };
}
