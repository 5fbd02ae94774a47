import { html, NOTHING, type Markup } from './html.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface BandPoint {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

/** Runs of rows that follow each other; a new one wherever more than `gapMs` lies between two. Rows by time. */
export function runsOf<Row extends { readonly atMs: number }>(rows: readonly Row[], gapMs: number): Row[][] {
  const runs: Row[][] = [];
  let last: Row | undefined;
  for (const row of rows) {
    const run = runs[runs.length - 1];
    if (run && last && row.atMs - last.atMs <= gapMs) run.push(row);
    else runs.push([row]);
    last = row;
  }
  return runs;
}

/** Longest distance that still counts as "the next one": two and a half usual steps. */
export function usualGapMs(rows: readonly { readonly atMs: number }[]): number {
  const steps = rows
    .slice(1)
    .map((row, i) => row.atMs - (rows[i]?.atMs ?? row.atMs))
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  return 2.5 * (steps[Math.floor(steps.length / 2)] ?? 1000);
}

/** One path; a run of one point is a dot, because round caps are drawn for a line of no length. */
export function line(runs: readonly (readonly Point[])[], kind: string): Markup {
  const parts = runs.map((run) => html`${run.map((p, i) => html`${i === 0 ? 'M' : 'L'}${p.x} ${p.y}`)}${run.length === 1 ? 'h0' : ''}`);
  return parts.length === 0 ? NOTHING : html`<path class="${kind}" d="${parts}" />`;
}

/** Areas between low and high; a run of one point is an upright bar. */
export function band(runs: readonly (readonly BandPoint[])[], kind: string): Markup {
  const parts = runs.map((run) => {
    const [only] = run;
    const wide =
      run.length === 1 && only
        ? [
            { ...only, x: only.x - 1.5 },
            { ...only, x: only.x + 1.5 },
          ]
        : run;
    const there = wide.map((p, i) => html`${i === 0 ? 'M' : 'L'}${p.x} ${p.high}`);
    return html`${there}${[...wide].reverse().map((p) => html`L${p.x} ${p.low}`)}Z`;
  });
  return parts.length === 0 ? NOTHING : html`<path class="${kind}" d="${parts}" />`;
}
