import type { Trace } from '../../../domain/replay/trace.ts';

export const MINUTES_5 = 300_000;

/** A trace of sites a, b, ... from one row of scores per window. */
export function traceOf(rows: readonly (readonly number[])[], more: Partial<Trace> = {}): Trace {
  const sites = (rows[0] ?? []).map((_, i) => 'abcdefgh'[i] ?? '');
  return {
    app: 'app',
    sites,
    fromMs: 1_700_000_000_000,
    everyMs: MINUTES_5,
    windows: rows.length,
    scores: Float64Array.from(rows.flat()),
    samples: new Uint32Array(rows.length * sites.length).fill(1),
    ...more,
  };
}

/** Numbers in [0,1) that are the same on every run: mulberry32. */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A normal deviate by Box and Muller. */
export function gauss(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
