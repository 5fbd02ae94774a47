import type { ForecastPlan } from './forecast-plan.ts';
import { planForecast } from './forecast-plan.ts';
import type { Planned, Problem, ReadyRows, Selection } from './problem.ts';
import { randomFrom } from '../random.ts';
import { findSeason } from './season.ts';
import type { Season } from './season.ts';
import { selectSeries, stability } from './select-series.ts';
import type { Series } from './series.ts';
import { toSeries } from './series.ts';
import type { Table } from './table.ts';
import type { Task } from './task-schema.ts';
import { prepare, timeBlocks, writeFeatures } from './task-rows.ts';

export interface ForecastSettings {
  readonly stepMs: number;
  readonly horizonTicks: number;
  readonly bridgeTicks: number;
}

const MOST_REACH = 4096 * 2;
const MOST_SOURCES = 15;
const MOST_GROUP_INPUTS = 64;
/** Rows that a choice of series looks at, and the choices that its stability is judged by. */
const SELECTION_ROWS = 4000;
const STABILITY_DRAWS = 5;
const DAY_MS = 86_400_000;
const SEASONS_NEEDED = 8;

export function forecastSettings(task: Task): ForecastSettings {
  const { step, horizon } = task;
  if (step === undefined || horizon === undefined) throw new RangeError('a forecast has a step and a horizon');
  return {
    stepMs: step * 1000,
    horizonTicks: Math.round(horizon / step),
    bridgeTicks: task.maxGap === undefined ? 3 : Math.floor(task.maxGap / step + 1e-9),
  };
}

/** Lays the table out and finds every tick from which there is a target at its horizon. */
export function forecastProblem(table: Table, task: Task): Problem<ForecastPlan> {
  const settings = forecastSettings(task);
  const { column } = task.target;
  const inputs = new Map<string, ArrayLike<number>>([
    ...table.columns,
    ...(task.features.pastTarget ? [[column, table.target!] as const] : []),
  ]);
  const series = toSeries(table, { ...settings, inputs, breakTicks: MOST_REACH });
  const at = examplesOf(series, settings.horizonTicks);
  const pick = (value: (s: Series, tick: number) => number) => (_: unknown, i: number) => value(series[at.series[i]!]!, at.tick[i]!);
  const n = at.series.length;
  const then = (s: Series, tick: number): number => s.startMs + (tick + settings.horizonTicks) * s.stepMs;
  const context: Context = { table, task, settings, series, at, timeMs: Float64Array.from({ length: n }, pick(then)) };
  return {
    n,
    timeMs: context.timeMs,
    y: Float64Array.from(
      { length: n },
      pick((s, tick) => s.target![tick + settings.horizonTicks]!),
    ),
    group: Int32Array.from(
      { length: n },
      pick((s) => s.group),
    ),
    groups: table.groups,
    plan: (train, seed) => planFrom(context, train, seed),
    rows: (plan, examples) => rowsOf(context, plan, examples),
  };
}

interface Context {
  readonly table: Table;
  readonly task: Task;
  readonly settings: ForecastSettings;
  readonly series: readonly Series[];
  readonly at: { readonly series: Int32Array; readonly tick: Int32Array };
  readonly timeMs: Float64Array;
}

function examplesOf(series: readonly Series[], horizonTicks: number): Context['at'] {
  const of: number[] = [];
  const tick: number[] = [];
  series.forEach((s, index) => {
    const y = s.target!;
    for (let t = 0; t + horizonTicks < s.ticks; t++) {
      if (s.rowOf[t]! < 0 || Number.isNaN(y[t + horizonTicks]!)) continue;
      of.push(index);
      tick.push(t);
    }
  });
  return { series: Int32Array.from(of), tick: Int32Array.from(tick) };
}

function planFrom(context: Context, train: Int32Array, seed: number): Planned<ForecastPlan> {
  const { task, settings, table } = context;
  const own = task.features.pastTarget ? task.target.column : undefined;
  const past = own === undefined ? [] : pastOf(context, train);
  const found = own === undefined ? undefined : findSeason(past, Math.max(4, settings.horizonTicks));
  const selection = selectFrom(context, train, seed);
  const longest = Math.max(0, ...lengthsOf(context, train));
  // The gap before what is judged is as long as the season: a season that takes more of the data than this costs more than it gives.
  const season = found && found.ticks * SEASONS_NEEDED <= longest ? found : undefined;
  const groups = groupsOf(context, train);
  const plan = planForecast({
    ...settings,
    ...(own === undefined ? {} : { own }),
    sources: selection.chosen,
    ...(season === undefined ? {} : { seasonTicks: season.ticks }),
    reachTicks: reachOf(settings.horizonTicks, longest),
    groups: groups.length > 1 && groups.length <= MOST_GROUP_INPUTS ? groups.map((g) => table.groups[g]!) : [],
    clock: clockOf(settings.stepMs, longest),
  });
  return { plan, selection, about: seasonAbout(season) };
}

/** Far enough for eight horizons, and no farther than a twentieth of what there is. */
function reachOf(horizonTicks: number, longest: number): number {
  return Math.max(3, Math.min(Math.max(60, 8 * horizonTicks), Math.floor(longest / 20), 480));
}

function seasonAbout(season: Season | undefined): Record<string, number> {
  return season === undefined ? {} : { seasonTicks: season.ticks, seasonStrength: Number(season.strength.toFixed(3)) };
}

/** Time of day is worth an input where several days have been seen and a step is short of one. */
function clockOf(stepMs: number, ticks: number): ('day' | 'week')[] {
  const days = (ticks * stepMs) / DAY_MS;
  return [...(days >= 4 && stepMs <= DAY_MS / 8 ? (['day'] as const) : []), ...(days >= 28 && stepMs <= DAY_MS ? (['week'] as const) : [])];
}

function groupsOf({ series, at }: Context, train: Int32Array): number[] {
  return [...new Set(Array.from(train, (i) => series[at.series[i]!]!.group))].sort((a, b) => a - b);
}

/** Last tick that may be looked at in each series: that of the newest target to learn from. */
function endsOf({ at, settings }: Context, train: Int32Array): Map<number, number> {
  const ends = new Map<number, number>();
  for (const i of train) ends.set(at.series[i]!, Math.max(ends.get(at.series[i]!) ?? 0, at.tick[i]! + settings.horizonTicks));
  return ends;
}

function lengthsOf(context: Context, train: Int32Array): number[] {
  return [...endsOf(context, train).values()].map((end) => end + 1);
}

function pastOf(context: Context, train: Int32Array): Float32Array[] {
  return [...endsOf(context, train)].map(([s, end]) => context.series[s]!.target!.subarray(0, end + 1));
}

function selectFrom({ table, task, series, at, settings }: Context, train: Int32Array, seed: number): Selection {
  const names = [...table.columns.keys()];
  if (names.length === 0) return { chosen: [], offered: 0, stability: 1 };
  const random = randomFrom(seed);
  const thinned = (): Int32Array => {
    if (train.length <= SELECTION_ROWS) return train;
    return Int32Array.from({ length: SELECTION_ROWS }, () => train[Math.floor(random() * train.length)]!).sort();
  };
  const choose = (rows: Int32Array): string[] => {
    const columns = names.map((name): [string, Float32Array] => [
      name,
      Float32Array.from(rows, (i) => series[at.series[i]!]!.bridged.get(name)![at.tick[i]!]!),
    ]);
    const target = Float64Array.from(rows, (i) => {
      const s = series[at.series[i]!]!;
      return s.target![at.tick[i]! + settings.horizonTicks]!;
    });
    const { max, method } = task.select ?? { max: MOST_SOURCES, method: 'redundancy' as const };
    return selectSeries({ columns: new Map(columns), target, max, method });
  };
  const draw = (rows: Int32Array): Int32Array => Int32Array.from(rows, () => rows[Math.floor(random() * rows.length)]!).sort();
  const chosen = choose(thinned());
  const drawn = Array.from({ length: STABILITY_DRAWS }, () => choose(draw(thinned())));
  return { chosen, offered: names.length, stability: stability([chosen, ...drawn]) };
}

function rowsOf({ table, series, at, timeMs }: Context, plan: ForecastPlan, examples: Int32Array): ReadyRows {
  const width = plan.specs.length;
  const n = examples.length;
  const x = new Float32Array(n * width);
  const ready = new Uint8Array(n);
  // Rows come out in the order of `examples`; these must be grouped by series to make each column once.
  for (let from = 0; from < n;) {
    const index = at.series[examples[from]!]!;
    let to = from;
    while (to < n && at.series[examples[to]!] === index) to++;
    const s = series[index]!;
    const prepared = prepare(s, plan, table.groups[s.group]!);
    const ticks = examples.subarray(from, to).map((i) => at.tick[i]!);
    writeFeatures(prepared, plan, { ticks, out: x, at: from });
    ticks.forEach((tick, i) => (ready[from + i] = prepared.ready[tick]!));
    from = to;
  }
  const pick = (values: ArrayLike<number>) => (_: unknown, i: number) => values[examples[i]!]!;
  const times = Float64Array.from({ length: n }, pick(timeMs));
  return {
    names: plan.names,
    n,
    x,
    ready,
    y: Float64Array.from(examples, (i) => {
      const s = series[at.series[i]!]!;
      return s.target![at.tick[i]! + plan.horizonTicks]!;
    }),
    timeMs: times,
    group: Int32Array.from(examples, (i) => series[at.series[i]!]!.group),
    block: timeBlocks(times),
  };
}
