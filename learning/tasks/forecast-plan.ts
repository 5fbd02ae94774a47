import { featureName, reachOf } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';

/** Everything that serving needs to make the inputs of a forecast model from a file. Plain JSON. */
export interface ForecastPlan {
  readonly stepMs: number;
  readonly horizonTicks: number;
  /** Ticks over which the last known value stands in for an unknown one; beyond it nothing is predicted. */
  readonly bridgeTicks: number;
  /** Columns that must be there, the target among them where its past is used. */
  readonly series: readonly string[];
  readonly specs: readonly FeatureSpec[];
  /** Names of `specs`, in the order of the model's input. */
  readonly names: readonly string[];
  /** Ticks before t that the features look at. */
  readonly history: number;
  /** How long before t the value of the season before lies, where a season was found. */
  readonly seasonLag?: number;
}

export interface PlanInput {
  readonly stepMs: number;
  readonly horizonTicks: number;
  readonly bridgeTicks: number;
  /** The target's column where its own past may be used. */
  readonly own?: string;
  readonly sources: readonly string[];
  readonly seasonTicks?: number;
  /** The longest look back. */
  readonly reachTicks: number;
  /** Groups with an input of their own; a group that is not among them is told from none. */
  readonly groups: readonly string[];
  readonly clock: readonly ('day' | 'week')[];
}

const OWN_LAGS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 45, 60, 90, 120, 180, 240];
const OWN_WINDOWS = [3, 6, 12, 30, 60, 120, 240];
const LAGS = [5, 15, 30, 60, 120, 240];
const WINDOWS = [5, 15, 60];

/** Windows that plain baselines use. */
export const BASELINE_WINDOWS: readonly number[] = [6, 12, 60];

export function planForecast(input: PlanInput): ForecastPlan {
  const own = input.own === undefined ? [] : ownSpecs(input.own, input);
  const others = input.sources.flatMap((series) => sourceSpecs(series, input));
  const clock = input.clock.flatMap((period) => (['sin', 'cos'] as const).map((wave): FeatureSpec => ({ op: 'clock', period, wave })));
  const groups = input.groups.map((name): FeatureSpec => ({ op: 'group', name }));
  const plan = planOf(input, [...own, ...others, ...clock, ...groups]);
  return input.seasonTicks === undefined || own.length === 0
    ? plan
    : { ...plan, seasonLag: seasonLag(input.seasonTicks, input.horizonTicks) };
}

/** A plan of exactly these inputs. */
export function planOf(input: Pick<ForecastPlan, 'stepMs' | 'horizonTicks' | 'bridgeTicks'>, wanted: readonly FeatureSpec[]): ForecastPlan {
  // A season may be as long as one of the lags.
  const specs = [...new Map(wanted.map((spec) => [featureName(spec), spec])).values()];
  return {
    stepMs: input.stepMs,
    horizonTicks: input.horizonTicks,
    bridgeTicks: input.bridgeTicks,
    series: [...new Set(specs.flatMap((spec) => ('series' in spec ? [spec.series] : [])))],
    specs,
    names: specs.map(featureName),
    history: Math.max(0, ...specs.map(reachOf)) + 1,
  };
}

function ownSpecs(series: string, { reachTicks, horizonTicks, seasonTicks }: PlanInput): FeatureSpec[] {
  const within = (ticks: number): boolean => ticks <= reachTicks;
  const windows = OWN_WINDOWS.filter(within);
  const longest = Math.max(...BASELINE_WINDOWS.filter(within), ...windows, 1);
  const window = (op: 'mean' | 'median' | 'deviation' | 'min' | 'max', ticks: number): FeatureSpec => ({ op, series, ticks, lag: 0 });
  return [
    { op: 'value', series, ticks: 1, lag: 0 },
    ...OWN_LAGS.filter(within).map((lag): FeatureSpec => ({ op: 'value', series, ticks: 1, lag })),
    ...windows.map((ticks) => window('mean', ticks)),
    ...windows.filter((w) => w >= 6 && w <= 120).map((ticks) => window('median', ticks)),
    ...windows
      .filter((w) => w === 12 || w === 60)
      .flatMap((ticks) => [window('deviation', ticks), window('min', ticks), window('max', ticks)]),
    { op: 'size', series, ticks: longest },
    { op: 'change', series, ticks: Math.max(12, Math.min(longest, 4 * horizonTicks)), by: horizonTicks },
    ...(seasonTicks === undefined ? [] : seasonSpecs(series, seasonTicks, horizonTicks)),
  ];
}

function seasonLag(seasonTicks: number, horizonTicks: number): number {
  return Math.ceil(horizonTicks / seasonTicks) * seasonTicks - horizonTicks;
}

/** What was one season before the target's time, as a value and smoothed, and how the season before compares with now. */
function seasonSpecs(series: string, seasonTicks: number, horizonTicks: number): FeatureSpec[] {
  const back = seasonLag(seasonTicks, horizonTicks);
  const whole = back + horizonTicks;
  const smooth = Math.max(3, Math.min(31, 2 * Math.floor(seasonTicks / 48) + 1));
  const half = Math.min(back, smooth >> 1);
  return [
    { op: 'value', series, ticks: 1, lag: back },
    { op: 'mean', series, ticks: smooth, lag: back - half },
    { op: 'diff', series, ticks: whole },
    { op: 'mean', series, ticks: seasonTicks, lag: 0 },
  ];
}

function sourceSpecs(series: string, { reachTicks }: PlanInput): FeatureSpec[] {
  const within = (ticks: number): boolean => ticks <= reachTicks;
  return [
    { op: 'value', series, ticks: 1, lag: 0 },
    ...LAGS.filter(within).map((ticks): FeatureSpec => ({ op: 'diff', series, ticks })),
    ...WINDOWS.filter(within).map((ticks): FeatureSpec => ({ op: 'mean', series, ticks, lag: 0 })),
    ...WINDOWS.filter((w) => within(w) && w === 15).flatMap((ticks): FeatureSpec[] => [{ op: 'deviation', series, ticks, lag: 0 }]),
  ];
}
