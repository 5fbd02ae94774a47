import type { FeatureSource } from './feature-spec.ts';
import { featureColumn } from './feature-spec.ts';
import type { ForecastPlan } from './forecast-plan.ts';
import { regressionRows } from './regression-problem.ts';
import type { Series } from './series.ts';
import { toSeries } from './series.ts';
import type { Table, Want } from './table.ts';
import { forecastPlanOf, regressionPlanOf } from './task-contract.ts';
import type { TaskContract } from './task-contract.ts';
import { prepare } from './task-rows.ts';
import type { Prepared } from './task-rows.ts';

/** Model inputs of some rows of a table. */
export interface InputBatch {
  readonly rows: Int32Array;
  /** `[rows][inputs]` */
  readonly x: Float32Array;
}

const BATCH = 16_384;
/** A longer stretch without rows begins a new series, as in training. */
export const BREAK_TICKS = 8192;

/** What a prediction reads of a file: the columns the contract names and nothing else. */
export function wantOf(contract: TaskContract): Want {
  if (contract.kind === 'regression') return { features: { columns: contract.plan.columns, except: [] } };
  return {
    time: contract.time,
    ...(contract.group === undefined ? {} : { group: contract.group }),
    features: { columns: contract.plan.series, except: [] },
  };
}

/** Inputs of every row from which a prediction is possible; of the others nothing comes. */
export function* inputBatches(table: Table, contract: TaskContract): Generator<InputBatch> {
  if (contract.kind === 'forecast') yield* forecastBatches(table, forecastPlanOf(contract));
  else yield* regressionBatches(table, contract);
}

function* regressionBatches(table: Table, contract: Extract<TaskContract, { kind: 'regression' }>): Generator<InputBatch> {
  const plan = regressionPlanOf(contract);
  for (let from = 0; from < table.n; from += BATCH) {
    const rows = Int32Array.from({ length: Math.min(BATCH, table.n - from) }, (_, i) => from + i);
    const { x, ready } = regressionRows(plan, table, rows);
    yield kept(rows, x, ready);
  }
}

function* forecastBatches(table: Table, plan: ForecastPlan): Generator<InputBatch> {
  const inputs = new Map(plan.series.map((name) => [name, table.columns.get(name)!]));
  const series = toSeries(table, { stepMs: plan.stepMs, inputs, bridgeTicks: plan.bridgeTicks, breakTicks: BREAK_TICKS });
  for (const s of series) {
    const prepared = prepare(s, plan, table.groups[s.group]!);
    yield* seriesBatches(s, plan, prepared);
    yield* supersededBatches(table, s, { plan, source: prepared.source });
  }
}

/** Pieces of a series with as much before each as its features look at, so that a long one takes little memory. */
function* seriesBatches(s: Series, plan: ForecastPlan, { source, ready }: Prepared): Generator<InputBatch> {
  for (let from = 0; from < s.ticks; from += BATCH) {
    const to = Math.min(s.ticks, from + BATCH);
    const ticks: number[] = [];
    for (let t = from; t < to; t++) if (ready[t] === 1) ticks.push(t);
    if (ticks.length === 0) continue;
    const begin = Math.max(0, from - plan.history);
    const x = featuresOf(
      slice(source, begin, to),
      plan,
      ticks.map((t) => t - begin),
    );
    yield { rows: Int32Array.from(ticks, (t) => s.rowOf[t]!), x };
  }
}

/** Rows whose tick a later row took over: their own values stand at their tick, and nothing of the later row unless it is of the same time. */
function* supersededBatches(
  table: Table,
  s: Series,
  { plan, source }: { plan: ForecastPlan; source: FeatureSource },
): Generator<InputBatch> {
  const width = plan.specs.length;
  for (let from = 0; from < s.superseded.length; from += BATCH) {
    const rows: number[] = [];
    const xs: Float32Array[] = [];
    for (const one of s.superseded.slice(from, from + BATCH)) {
      const own = asOf(table, s, { plan, source, ...one });
      if ([...own.bridged.values()].some((x) => Number.isNaN(x.at(-1)!))) continue;
      rows.push(one.row);
      xs.push(featuresOf(own, plan, [own.ticks - 1]));
    }
    const x = new Float32Array(rows.length * width);
    xs.forEach((values, i) => x.set(values, i * width));
    if (rows.length > 0) yield { rows: Int32Array.from(rows), x };
  }
}

function asOf(table: Table, s: Series, at: { plan: ForecastPlan; source: FeatureSource; row: number; tick: number }): FeatureSource {
  const { plan, source, row, tick } = at;
  const own = slice(source, Math.max(0, tick - plan.history), tick + 1);
  if (table.timeMs![s.rowOf[tick]!] === table.timeMs![row]) return own;
  const bridged = new Map(
    plan.series.map((name) => {
      const x = own.bridged.get(name)!.slice();
      const value = table.columns.get(name)![row]!;
      x[x.length - 1] = Number.isNaN(value) ? (x.at(-2) ?? NaN) : value;
      return [name, x];
    }),
  );
  return { ...own, bridged };
}

function slice(source: FeatureSource, from: number, to: number): FeatureSource {
  const bridged = new Map([...source.bridged].map(([name, x]) => [name, x.subarray(from, to)]));
  return { ...source, startMs: source.startMs + from * source.stepMs, ticks: to - from, bridged };
}

function featuresOf(source: FeatureSource, plan: ForecastPlan, ticks: readonly number[]): Float32Array {
  const width = plan.specs.length;
  const x = new Float32Array(ticks.length * width);
  plan.specs.forEach((spec, f) => {
    const column = featureColumn(spec, source);
    ticks.forEach((t, i) => (x[i * width + f] = column[t]!));
  });
  return x;
}

function kept(rows: Int32Array, x: Float32Array, ready: Uint8Array): InputBatch {
  if (ready.every((r) => r === 1)) return { rows, x };
  const width = x.length / rows.length;
  const indices = Array.from(rows.keys()).filter((i) => ready[i] === 1);
  const out = new Float32Array(indices.length * width);
  indices.forEach((from, to) => out.set(x.subarray(from * width, (from + 1) * width), to * width));
  return { rows: Int32Array.from(indices, (i) => rows[i]!), x: out };
}
