import { type Policy, policySchema } from '../../domain/config.ts';
import { berthPolicy } from '../../domain/replay/berth-policy.ts';
import { runPolicy } from '../../domain/replay/run-policy.ts';
import type { Trace } from '../../domain/replay/trace.ts';

const EVERY_MS = 300_000;
const DEFAULTS = policySchema.parse({});

/** A trace of two sites from a function of the window. */
export function twoSites(windows: number, scores: (window: number) => readonly [number, number]): Trace {
  return {
    app: 'app',
    sites: ['a', 'b'],
    fromMs: 0,
    everyMs: EVERY_MS,
    windows,
    scores: Float64Array.from(Array.from({ length: windows }, (_, i) => scores(i)).flat()),
    samples: new Uint32Array(2 * windows).fill(1),
  };
}

/** Windows in which the app is on another site than before. */
export function movesOf(trace: Trace, policy: Policy = DEFAULTS): number[] {
  const course = runPolicy([trace], berthPolicy([trace], { name: 'berth', policy }), 0);
  return [...course].flatMap((site, i) => (site !== (i === 0 ? 0 : course[i - 1]) ? [i] : []));
}

export function movesInNoise(seeds: number): { runs: number; moves: number } {
  let [runs, moves] = [0, 0];
  for (const sd of [0.005, 0.02, 0.05, 0.1]) {
    for (let seed = 1; seed <= seeds; seed++) {
      const noise = gaussian(seed);
      const score = () => Math.min(1, Math.max(0, 0.6 + sd * noise()));
      moves += movesOf(twoSites(1001, () => [score(), score()])).length;
      runs++;
    }
  }
  return { runs, moves };
}

/** `early`: moves nearer to the one before than the first cool-down of the policy, half an hour that does not grow. */
export function movesOnSquareWave(): { moves: number; early: number } {
  const policy = policySchema.parse({ cooldown: { initial: '30m', factor: 1 } });
  let [moves, early] = [0, 0];
  for (let half = 1; half <= 12; half++) {
    const at = movesOf(
      twoSites(500, (i) => (Math.floor(i / half) % 2 ? [0.5, 0.7] : [0.7, 0.5])),
      policy,
    );
    moves += at.length;
    early += at.filter((window, i) => i > 0 && (window - (at[i - 1] ?? 0)) * EVERY_MS < policy.cooldown.initial * 1000).length;
  }
  return { moves, early };
}

export interface StepResult {
  readonly step: number;
  readonly sd: number;
  readonly runs: number;
  /** Runs that moved within three looks of the first that could see the step. */
  readonly within: number;
  readonly median: number;
}

export function looksUntilMoved(seeds: number): StepResult[] {
  return [
    { step: 0.07, sd: 0 },
    { step: 0.07, sd: 0.005 },
    { step: 0.1, sd: 0.01 },
    { step: 0.15, sd: 0.02 },
    { step: 0.1, sd: 0.02 },
  ].map(({ step, sd }) => {
    const looks = Array.from({ length: seeds }, (_, seed) => looksOf({ step, sd, seed: seed + 1 })).sort((a, b) => a - b);
    return { step, sd, runs: seeds, within: looks.filter((n) => n <= 3).length, median: looks[looks.length >> 1] ?? NaN };
  });
}

const STEP_AT = 40;

function looksOf({ step, sd, seed }: { step: number; sd: number; seed: number }): number {
  const noise = gaussian(seed);
  const trace = twoSites(120, (i) => [0.6 + sd * noise(), 0.6 + (i >= STEP_AT ? step : 0) + sd * noise()]);
  // The window of the step is first seen by the look at its end.
  return (movesOf(trace).find((at) => at > STEP_AT) ?? Infinity) - STEP_AT;
}

/** Normal deviates that are the same on every run: mulberry32, Box and Muller. */
export function gaussian(seed: number): () => number {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
