import type { FeaturePlan } from './contract.ts';

/** Values at lags 0..history-1 into `out` at `at`, an unknown one replaced by the newest known within `bridge` ticks before it. */
export function fillHistory(plan: FeaturePlan, out: Float64Array, at: number, valueAt: (lag: number) => number): void {
  let known = NaN;
  let age = Infinity;
  for (let lag = plan.history - 1 + plan.bridge; lag >= 0; lag--) {
    const value = valueAt(lag);
    age = Number.isFinite(value) ? 0 : age + 1;
    if (age === 0) known = value;
    if (lag < plan.history) out[at + lag] = age <= plan.bridge ? known : NaN;
  }
}

/** Mean of the known among `length` values; NaN if none is. */
export function meanOf(values: Float64Array | Float32Array, at: number, length: number): number {
  let sum = 0;
  let count = 0;
  for (let i = at; i < at + length; i++) {
    const v = values[i]!;
    if (Number.isNaN(v)) continue;
    sum += v;
    count++;
  }
  return count > 0 ? sum / count : NaN;
}

/** Greatest of the known among `length` values; NaN if none is. */
export function maxOf(values: Float64Array, at: number, length: number): number {
  let max = NaN;
  for (let i = at; i < at + length; i++) if (!(values[i]! <= max) && !Number.isNaN(values[i]!)) max = values[i]!;
  return max;
}

/** Ticks since the value was last above (`side` 1) or at most (`side` -1) the level; `depth` if it never was, NaN if nothing is known. */
export function ticksSince(values: Float64Array, at: number, depth: number, level: number, side: 1 | -1): number {
  let known = false;
  for (let lag = 0; lag < depth; lag++) {
    const v = values[at + lag]!;
    if (Number.isNaN(v)) continue;
    known = true;
    if (v > level === (side === 1)) return lag;
  }
  return known ? depth : NaN;
}

/** CPU seconds per request over the whole history: slow, so that it follows the work and not the trouble of the moment. */
export function workPerRequest(load: Float64Array, cpu: Float64Array): number {
  let requests = 0;
  let seconds = 0;
  for (let lag = 0; lag < load.length; lag++) {
    if (Number.isNaN(load[lag]!) || Number.isNaN(cpu[lag]!)) continue;
    requests += load[lag]!;
    seconds += cpu[lag]!;
  }
  return requests > 0 ? seconds / requests : NaN;
}
