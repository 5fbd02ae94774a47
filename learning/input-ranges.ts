import type { FleetWindow } from '../domain/frame.ts';
import type { FeaturePlan } from './contract.ts';
import { fillFeatures } from './features.ts';
import type { Facts } from './features.ts';
import { ticksNeeded } from './serve.ts';

/** What an input was between while the model learned. */
export interface InputRange {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

/** Of the learned values so many lie below the range and above it before it is widened. */
const TAIL = 0.005;
/** Widened at both ends by this share of its span, or of its greatest value: a little beyond is nothing new. */
const SLACK = 0.1;

/** Watched are the values of the moment: lags and means follow them, and of how long ago something was high there is always a longest. */
const isWatched = (name: string): boolean => name.endsWith('@0') || name === 'load' || name === 'work_per_request';

/** Of rows `[n][names]`, NaN = missing. An input that never changed has no range: no model could learn from it. */
export function inputRanges({ names, rows, n }: { names: readonly string[]; rows: Float32Array; n: number }): InputRange[] {
  return names.flatMap((name, column) => {
    if (!isWatched(name)) return [];
    const values = Float32Array.from({ length: n }, (_, i) => rows[i * names.length + column]!)
      .filter(Number.isFinite)
      .sort();
    if (values.length === 0 || values[0] === values.at(-1)) return [];
    const low = values[Math.floor(TAIL * (values.length - 1))]!;
    const high = values[Math.ceil((1 - TAIL) * (values.length - 1))]!;
    const slack = SLACK * Math.max(high - low, Math.abs(low), Math.abs(high));
    return [{ name, low: low - slack, high: high + slack }];
  });
}

/** Values of one input that were known, and those among them outside of its range. */
export interface Beyond {
  readonly name: string;
  readonly known: number;
  readonly beyond: number;
}
/** Ticks of a stretch that are looked at. */
const TICKS_READ = 30;

/** Reads a stretch as the model would have, for one app on every site of the window; its first ticks are history only. */
export function inputsBeyond(
  plan: FeaturePlan,
  ranges: readonly InputRange[],
  { window, app, facts }: { window: FleetWindow; app: string; facts: Facts },
): Beyond[] {
  const block = window.apps.find((a) => a.app === app);
  const counts = ranges.map((range) => ({ ...range, column: plan.names.indexOf(range.name), known: 0, beyond: 0 }));
  const row = new Float32Array(plan.names.length);
  const first = ticksNeeded(plan);
  const stride = Math.max(1, Math.ceil((window.grid.ticks - first) / TICKS_READ));
  for (let tick = first; block && tick < window.grid.ticks; tick += stride)
    for (let site = 0; site < window.sites.sites.length; site++) {
      if (!fillFeatures(plan, { ...window, app: block, facts }, site, tick, row, 0)) continue;
      for (const count of counts) {
        const value = row[count.column] ?? NaN;
        if (!Number.isFinite(value)) continue;
        count.known++;
        if (value < count.low || value > count.high) count.beyond++;
      }
    }
  return counts.map(({ name, known, beyond }) => ({ name, known, beyond }));
}
