import type { Grid } from '../../domain/frame.ts';
import type { Sample } from './samples.ts';

/** Sorts the samples of one entity into ticks; used again for the next entity after `clear()`. */
export interface TickGrid {
  /** `values[series * ticks + tick]`, NaN = unknown. */
  readonly values: Float32Array;
  /** Id of the site per tick, -1 = unknown. */
  readonly placed: Int32Array;
  readonly add: (sample: Sample) => void;
  clear(): void;
  /** -Infinity when there was none. */
  newestMs(): number;
  /** Positions of the series that have a value somewhere, ascending. */
  present(): readonly number[];
}

export function createTickGrid({ startMs, stepMs, ticks }: Grid, series: number): TickGrid {
  const values = new Float32Array(series * ticks);
  const placed = new Int32Array(ticks);
  const atMs = new Float64Array(ticks);

  function clear(): void {
    values.fill(NaN);
    placed.fill(-1);
    atMs.fill(-Infinity);
  }
  clear();

  return {
    values,
    placed,
    clear,
    add(sample) {
      // Tick k is (start + k * step, start + (k + 1) * step].
      const tick = Math.ceil((sample.atMs - startMs) / stepMs) - 1;
      const before = atMs[tick];
      if (before === undefined || before >= sample.atMs) return;
      atMs[tick] = sample.atMs;
      placed[tick] = sample.placed;
      for (let s = 0; s < series; s++) values[s * ticks + tick] = sample.value(s);
    },
    newestMs: () => atMs.reduce((newest, at) => Math.max(newest, at), -Infinity),
    present() {
      const found: number[] = [];
      for (let s = 0; s < series; s++) {
        for (let i = s * ticks; i < (s + 1) * ticks; i++) {
          if (Number.isNaN(values[i])) continue;
          found.push(s);
          break;
        }
      }
      return found;
    },
  };
}
