import type { FeatureSource } from './feature-spec.ts';
import { featureColumn } from './feature-spec.ts';
import type { ForecastPlan } from './forecast-plan.ts';
import type { Series } from './series.ts';

/** Rows to learn from or to be judged by. */
export interface TaskRows {
  readonly names: readonly string[];
  readonly n: number;
  /** `[n][names]`, NaN = missing. */
  readonly x: Float32Array;
  /** In the target's own unit. */
  readonly y: Float64Array;
  /** Epoch ms of the target; the row number where a task knows no time. */
  readonly timeMs: Float64Array;
  readonly group: Int32Array;
  /** Rows of one block belong together in a learner's inner validation: a stretch of time, or a group of the split. */
  readonly block: Int32Array;
}

/** A series and the ticks from which a plan can predict. */
export interface Prepared {
  readonly source: FeatureSource;
  /** 1 where a row of the input is and everything the plan needs is known. */
  readonly ready: Uint8Array;
}

export function prepare(series: Series, plan: ForecastPlan, groupName: string): Prepared {
  const { startMs, stepMs, ticks, bridged } = series;
  const needed = plan.series.map((name) => {
    const x = bridged.get(name);
    if (!x) throw new RangeError(`column ${name} is not there`);
    return x;
  });
  const ready = new Uint8Array(ticks);
  for (let t = 0; t < ticks; t++) if (series.rowOf[t]! >= 0 && needed.every((x) => !Number.isNaN(x[t]!))) ready[t] = 1;
  return { source: { startMs, stepMs, ticks, horizonTicks: plan.horizonTicks, groupName, bridged }, ready };
}

/** Features of the given ticks, written row by row into `out`. */
export function writeFeatures(
  { source }: Prepared,
  plan: ForecastPlan,
  { ticks, out, at }: { ticks: ArrayLike<number>; out: Float32Array; at: number },
): void {
  const width = plan.specs.length;
  plan.specs.forEach((spec, f) => {
    const column = featureColumn(spec, source);
    for (let i = 0; i < ticks.length; i++) out[(at + i) * width + f] = column[ticks[i]!]!;
  });
}

/** The rows at these indices, in this order. */
export function pickRows(rows: TaskRows, indices: ArrayLike<number>): TaskRows {
  const width = rows.names.length;
  const n = indices.length;
  const x = new Float32Array(n * width);
  for (let i = 0; i < n; i++) x.set(rows.x.subarray(indices[i]! * width, (indices[i]! + 1) * width), i * width);
  const pick = (from: ArrayLike<number>) => (_: unknown, i: number) => from[indices[i]!]!;
  return {
    names: rows.names,
    n,
    x,
    y: Float64Array.from({ length: n }, pick(rows.y)),
    timeMs: Float64Array.from({ length: n }, pick(rows.timeMs)),
    group: Int32Array.from({ length: n }, pick(rows.group)),
    block: Int32Array.from({ length: n }, pick(rows.block)),
  };
}

const BLOCKS = 20;

/** Stretches of time in which neighbours lie. */
export function timeBlocks(timeMs: Float64Array): Int32Array {
  const order = Array.from({ length: timeMs.length }, (_, i) => i).sort((a, b) => timeMs[a]! - timeMs[b]! || a - b);
  const block = new Int32Array(timeMs.length);
  order.forEach((row, rank) => (block[row] = Math.floor((rank * BLOCKS) / timeMs.length)));
  return block;
}
