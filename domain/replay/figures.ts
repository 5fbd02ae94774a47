import type { Course } from './run-policy.ts';
import type { Trace } from './trace.ts';

export interface FigureOptions {
  /** Site index every app begins on. */
  readonly start: number;
  /** Scores below it are below target. */
  readonly target: number;
  /** Seconds without service that one move costs, from the beginning of the window it is in. */
  readonly moveCostS: number;
}

/** What a policy made of the traces, over all apps. */
export interface PolicyFigures {
  /** Mean score over all windows in which the site the app was on is known, less what its moves cost; null = none is. */
  readonly meanQos: number | null;
  readonly moves: number;
  /** Moves back to the site that the move before had left, at most `FLAP_WINDOWS` windows later. */
  readonly flaps: number;
  /** Mean score lost against the best site of each window, over the same windows as `meanQos`. */
  readonly regret: number | null;
  /** Seconds of windows whose score is below the target. */
  readonly secondsBelowTarget: number;
  /** The same by the site the app was on. */
  readonly secondsBelowTargetOn: Readonly<Record<string, number>>;
  /** The same as a share of the seconds in which the score is known, in percent. */
  readonly percentBelowTarget: number | null;
  /** Times the score fell below the target, from a window at or above it. */
  readonly crossings: number;
  readonly worstQos: number | null;
  /** Windows in which the site the app was on is unknown. */
  readonly unknownWindows: number;
  readonly secondsOn: Readonly<Record<string, number>>;
  /** Number of moves by `<from>-><to>`. */
  readonly movesBetween: Readonly<Record<string, number>>;
  /** Share of the moves after which the new site was better than the one that was left, over the stay but at most `JUDGED_WINDOWS`; null = no move. */
  readonly precision: number | null;
  /** Of the windows in which the first site is below the target and another is not: share spent on a site that is not; null = there are none. */
  readonly recall: number | null;
}

export const FLAP_WINDOWS = 12;
export const JUDGED_WINDOWS = 12;

export function figuresOf(traces: readonly Trace[], course: Course, options: FigureOptions): PolicyFigures {
  const tally = newTally(traces[0]?.sites ?? []);
  traces.forEach((trace, app) =>
    tallyApp(tally, { trace, options, at: (window) => course[app * trace.windows + window] ?? options.start }),
  );
  const { known, sum, best, everyS, below } = tally;
  const seconds = (windows: ReadonlyMap<string, number>) => Object.fromEntries([...windows].map(([site, n]) => [site, n * everyS]));
  return {
    meanQos: known === 0 ? null : sum / known,
    moves: tally.moves,
    flaps: tally.flaps,
    regret: known === 0 ? null : (best - sum) / known,
    secondsBelowTarget: below * everyS,
    secondsBelowTargetOn: seconds(tally.belowOn),
    percentBelowTarget: known === 0 ? null : (100 * below) / known,
    crossings: tally.crossings,
    worstQos: known === 0 ? null : tally.worst,
    unknownWindows: tally.unknown,
    secondsOn: seconds(tally.on),
    movesBetween: Object.fromEntries(tally.between),
    precision: tally.judged === 0 ? null : tally.helped / tally.judged,
    recall: tally.avoidable === 0 ? null : tally.avoided / tally.avoidable,
  };
}

interface Tally {
  everyS: number;
  known: number;
  unknown: number;
  sum: number;
  best: number;
  below: number;
  crossings: number;
  worst: number;
  moves: number;
  flaps: number;
  judged: number;
  helped: number;
  avoidable: number;
  avoided: number;
  readonly on: Map<string, number>;
  readonly belowOn: Map<string, number>;
  readonly between: Map<string, number>;
}

function newTally(sites: readonly string[]): Tally {
  return {
    everyS: 0,
    known: 0,
    unknown: 0,
    sum: 0,
    best: 0,
    below: 0,
    crossings: 0,
    worst: Infinity,
    moves: 0,
    flaps: 0,
    judged: 0,
    helped: 0,
    avoidable: 0,
    avoided: 0,
    on: new Map(sites.map((site) => [site, 0])),
    belowOn: new Map(sites.map((site) => [site, 0])),
    between: new Map(),
  };
}

interface Played {
  readonly trace: Trace;
  readonly options: FigureOptions;
  /** Site in a window; before the first it is the start. */
  readonly at: (window: number) => number;
}

function tallyApp(tally: Tally, played: Played): void {
  const { trace, options, at } = played;
  tally.everyS = trace.everyMs / 1000;
  const name = (site: number) => trace.sites[site] ?? '';
  let wasBelow = false;
  let leftAt: { site: number; window: number } | undefined;
  let before = options.start;
  let lostS = 0;
  for (let window = 0; window < trace.windows; window++) {
    const site = at(window);
    tally.on.set(name(site), (tally.on.get(name(site)) ?? 0) + 1);
    const moved = site !== before;
    if (moved) {
      lostS = options.moveCostS;
      tally.moves++;
      if (leftAt?.site === site && window - leftAt.window <= FLAP_WINDOWS) tally.flaps++;
      const pair = `${name(before)}->${name(site)}`;
      tally.between.set(pair, (tally.between.get(pair) ?? 0) + 1);
      judgeMove(tally, played, { window, from: before, to: site });
      leftAt = { site: before, window };
    }
    const servedShare = 1 - Math.min(1, lostS / tally.everyS);
    lostS = Math.max(0, lostS - tally.everyS);
    wasBelow = tallyWindow(tally, played, { window, site, servedShare, wasBelow });
    before = site;
  }
}

/** Returns whether the window was below the target; one that is unknown leaves that as it was. */
function tallyWindow(
  tally: Tally,
  { trace, options }: Played,
  { window, site, servedShare, wasBelow }: { window: number; site: number; servedShare: number; wasBelow: boolean },
): boolean {
  const scores = trace.scores.subarray(window * trace.sites.length, (window + 1) * trace.sites.length);
  const score = scores[site] ?? NaN;
  const highest = scores.reduce((a, b) => (b > a ? b : a), -Infinity);
  if ((scores[options.start] ?? NaN) < options.target && highest >= options.target) {
    tally.avoidable++;
    if (score >= options.target) tally.avoided++;
  }
  if (Number.isNaN(score)) {
    tally.unknown++;
    return wasBelow;
  }
  const served = score * servedShare;
  tally.known++;
  tally.sum += served;
  tally.best += highest;
  tally.worst = Math.min(tally.worst, served);
  const isBelow = served < options.target;
  if (isBelow) {
    tally.below++;
    const name = trace.sites[site] ?? '';
    tally.belowOn.set(name, (tally.belowOn.get(name) ?? 0) + 1);
  }
  if (isBelow && !wasBelow && window > 0) tally.crossings++;
  return isBelow;
}

/** Compares the site moved to with the one left, over the windows of the stay in which both are known. */
function judgeMove(tally: Tally, { trace, at }: Played, { window, from, to }: { window: number; from: number; to: number }): void {
  let gain = 0;
  let compared = 0;
  for (let w = window; w < Math.min(trace.windows, window + JUDGED_WINDOWS) && at(w) === to; w++) {
    const difference = (trace.scores[w * trace.sites.length + to] ?? NaN) - (trace.scores[w * trace.sites.length + from] ?? NaN);
    if (Number.isNaN(difference)) continue;
    gain += difference;
    compared++;
  }
  if (compared === 0) return;
  tally.judged++;
  if (gain > 0) tally.helped++;
}
