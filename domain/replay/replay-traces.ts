import { berthPolicy, type BerthOptions } from './berth-policy.ts';
import { costOf, type Prices } from './cost.ts';
import { type FigureOptions, figuresOf, type PolicyFigures } from './figures.ts';
import { alwaysBestLastWindow, argMaxEveryTick, neverMove } from './plain-policies.ts';
import type { ReplayPolicy } from './policy.ts';
import { hindsight } from './hindsight.ts';
import type { Forecasts } from './forecasts.ts';
import { type Expected, proactive, reactive } from './reference-rules.ts';
import { type Course, runPolicy } from './run-policy.ts';
import type { Trace } from './trace.ts';

export interface ReplayedPolicy extends PolicyFigures {
  readonly name: string;
  /** In the unit of the prices; null = they are not known. */
  readonly cost: number | null;
}

export interface ReplayResult {
  readonly policies: readonly ReplayedPolicy[];
  /** Where berth had each app in each window. */
  readonly berth: Course;
  /** Where each policy had them. */
  readonly courses: readonly { readonly name: string; readonly course: Course }[];
}

export interface ReplayOptions extends FigureOptions, Omit<BerthOptions, 'name' | 'moveCostS'> {
  /** By site, all of them; absent: nothing is known of costs. */
  readonly prices?: Prices;
}

/** Decides the traces again with berth, with the plain policies, and with hindsight. */
export function replayTraces(traces: readonly Trace[], options: ReplayOptions): ReplayResult {
  const play = (policy: ReplayPolicy) => ({ name: policy.name, course: runPolicy(traces, policy, options.start) });
  const sites = traces[0]?.sites ?? [];
  const berth = play(berthPolicy(traces, { ...options, name: 'berth' }));
  const played = [
    berth,
    ...sites.map((site) => play(neverMove(site))),
    play(alwaysBestLastWindow()),
    { name: 'oracle', course: hindsight(traces, options) },
    play(argMaxEveryTick()),
    play(reactive(options)),
    ...(options.forecasts ? [play(proactive(options, expectedBy(options.forecasts, sites.length)))] : []),
  ];
  const own = (name: string): FigureOptions => {
    const kept = sites.findIndex((site) => name === `never-move:${site}`);
    return kept < 0 ? options : { ...options, start: kept };
  };
  const policies = played.map(({ name, course }) => {
    const figures = figuresOf(traces, course, own(name));
    return { name, ...figures, cost: options.prices ? costOf(figures, options.prices) : null };
  });
  return { policies, berth: berth.course, courses: played };
}

function expectedBy(forecasts: readonly Forecasts[], sites: number): Expected {
  return (app, window, site) => forecasts[app]?.q[(window * sites + site) * 3 + 1] ?? NaN;
}
