import { lag, rollingDeviation, rollingMax, rollingMean, rollingMedian, rollingMin } from './rolling.ts';

/** One input of a forecast model, made from one series up to t. Plain JSON: it stands in the contract and serving makes the same of it. */
export type FeatureSpec =
  | {
      readonly op: 'value' | 'mean' | 'median' | 'deviation' | 'min' | 'max';
      readonly series: string;
      /** Length of the window; 1 for a value. */
      readonly ticks: number;
      /** How long before t it ends. */
      readonly lag: number;
    }
  /** x(t) - x(t - ticks). */
  | { readonly op: 'diff'; readonly series: string; readonly ticks: number }
  /** Mean over a window of |x(t) - x(t - by)|: how far off "as it was" has been of late. */
  | { readonly op: 'change'; readonly series: string; readonly ticks: number; readonly by: number }
  /** Mean over a window of |x|: how large a series is. */
  | { readonly op: 'size'; readonly series: string; readonly ticks: number }
  /** Ticks since x was last on the other side of its rolling mean, at most `ticks`. */
  | { readonly op: 'since'; readonly series: string; readonly ticks: number }
  /** Sine or cosine of the time of day or week at the target's time. */
  | { readonly op: 'clock'; readonly period: 'day' | 'week'; readonly wave: 'sin' | 'cos' }
  /** 1 in that group, 0 in any other. */
  | { readonly op: 'group'; readonly name: string };

/** What features are made of: series that are bridged already. */
export interface FeatureSource {
  readonly startMs: number;
  readonly stepMs: number;
  readonly ticks: number;
  readonly horizonTicks: number;
  readonly groupName: string;
  readonly bridged: ReadonlyMap<string, Float32Array>;
}

const PERIOD_MS = { day: 86_400_000, week: 7 * 86_400_000 } as const;

export function featureName(spec: FeatureSpec): string {
  switch (spec.op) {
    case 'value':
      return spec.lag === 0 ? spec.series : `${spec.series} ${spec.lag} ago`;
    case 'mean':
    case 'median':
    case 'deviation':
    case 'min':
    case 'max':
      return `${spec.op} ${spec.ticks} of ${spec.series}${spec.lag === 0 ? '' : ` ${spec.lag} ago`}`;
    case 'diff':
      return `${spec.series} less ${spec.ticks} ago`;
    case 'change':
      return `change ${spec.by} over ${spec.ticks} of ${spec.series}`;
    case 'size':
      return `size ${spec.ticks} of ${spec.series}`;
    case 'since':
      return `since ${spec.ticks} of ${spec.series}`;
    case 'clock':
      return `${spec.wave} of ${spec.period}`;
    case 'group':
      return `group is ${spec.name}`;
  }
}

/** Ticks before t that a feature looks at. */
export function reachOf(spec: FeatureSpec): number {
  switch (spec.op) {
    case 'clock':
    case 'group':
      return 0;
    case 'diff':
    case 'size':
      return spec.ticks;
    case 'change':
      return spec.ticks + spec.by;
    case 'since':
      return 2 * spec.ticks;
    default:
      return spec.ticks - 1 + spec.lag;
  }
}

/** The feature at every tick; NaN = unknown. Nothing after a tick enters its value. */
export function featureColumn(spec: FeatureSpec, source: FeatureSource): Float32Array {
  if (spec.op === 'clock') return clock(spec, source);
  if (spec.op === 'group') return new Float32Array(source.ticks).fill(spec.name === source.groupName ? 1 : 0);
  const x = source.bridged.get(spec.series);
  if (!x) throw new RangeError(`series ${spec.series} is not there`);
  switch (spec.op) {
    case 'value':
      return lag(x, spec.lag);
    case 'mean':
      return lag(rollingMean(x, spec.ticks), spec.lag);
    case 'median':
      return lag(rollingMedian(x, spec.ticks), spec.lag);
    case 'deviation':
      return lag(rollingDeviation(x, spec.ticks), spec.lag);
    case 'min':
      return lag(rollingMin(x, spec.ticks), spec.lag);
    case 'max':
      return lag(rollingMax(x, spec.ticks), spec.lag);
    case 'diff':
      return less(x, lag(x, spec.ticks));
    case 'change':
      return rollingMean(
        less(x, lag(x, spec.by)).map((v) => Math.abs(v)),
        spec.ticks,
      );
    case 'size':
      return rollingMean(
        x.map((v) => Math.abs(v)),
        spec.ticks,
      );
    case 'since':
      return since(x, spec.ticks);
  }
}

function less(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((v, t) => v - b[t]!);
}

function since(x: Float32Array, ticks: number): Float32Array {
  const level = rollingMean(x, ticks);
  const out = new Float32Array(x.length).fill(NaN);
  let side = 0;
  let age = ticks;
  for (let t = 0; t < x.length; t++) {
    const now = Math.sign(x[t]! - level[t]!);
    if (Number.isNaN(now)) continue;
    age = now !== 0 && now !== side ? 0 : Math.min(ticks, age + 1);
    if (now !== 0) side = now;
    out[t] = age;
  }
  return out;
}

function clock(spec: Extract<FeatureSpec, { op: 'clock' }>, { startMs, stepMs, ticks, horizonTicks }: FeatureSource): Float32Array {
  const period = PERIOD_MS[spec.period];
  return Float32Array.from({ length: ticks }, (_, t) => {
    const phase = (((startMs + (t + horizonTicks) * stepMs) % period) / period) * 2 * Math.PI;
    return spec.wave === 'sin' ? Math.sin(phase) : Math.cos(phase);
  });
}
