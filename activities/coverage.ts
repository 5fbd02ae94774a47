import type { AppBlock } from '../domain/frame.ts';

/** Seconds since the newest sample; Infinity when there is none. Negative = it claims to be from the future, which the gates judge. */
export const ageS = (newestMs: number, nowMs: number): number => (Number.isFinite(newestMs) ? (nowMs - newestMs) / 1000 : Infinity);

/**
 * Share of the samples of a window `[series][ticks]` that are there. A series without a single one is not expected (a machine without pressure
 * figures is complete without them); a window without any sample is 0.
 */
export function completeShare(values: Float32Array, ticks: number): number {
  let expected = 0;
  let present = 0;
  for (let s = 0; s + ticks <= values.length; s += ticks) {
    let known = 0;
    for (let t = 0; t < ticks; t++) if (Number.isFinite(values[s + t])) known++;
    if (known === 0) continue;
    expected += ticks;
    present += known;
  }
  return expected === 0 ? 0 : present / expected;
}

/** Ticks that an app may go without a sample before its place counts as unknown. */
const PLACED_WITHIN = 4;

/** Index of the site where the app was last seen, in the newest few ticks; -1 = unknown. */
export function lastPlaced({ placed }: AppBlock): number {
  for (let t = placed.length - 1; t >= Math.max(0, placed.length - PLACED_WITHIN); t--) {
    const site = placed[t] ?? -1;
    if (site >= 0) return site;
  }
  return -1;
}
