import { conformalOffsets } from '../conformal.ts';

/** How wide a band is where: the same everywhere, in proportion to the prediction, or to an input that tells how unsure it is. */
export type Spread =
  | { readonly kind: 'constant' }
  | { readonly kind: 'point'; readonly floor: number }
  | { readonly kind: 'input'; readonly input: string; readonly floor: number };

/** p10 and p90 are the point prediction plus these times the spread. */
export interface Band {
  readonly spread: Spread;
  readonly low: number;
  readonly high: number;
}

export interface Residuals {
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
  /** Values of the inputs that may tell how unsure a prediction is. */
  readonly spreads: ReadonlyMap<string, Float64Array>;
  /** Ascending in time; grouped folds where a task knows none. */
  readonly fold: Int32Array;
}

export interface ChosenBand {
  readonly band: Band;
  /** 1 where an outcome lay in a band made from other folds; only rows of `judged`. */
  readonly covered: Uint8Array;
  readonly judged: Uint8Array;
  /** Share of outcomes below each nominal quantile, by quantiles of the other, or earlier, folds. */
  readonly below: readonly Calibration[];
}

export interface Calibration {
  readonly nominal: number;
  readonly observed: number;
}

const LEVELS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

const ALPHA = 0.2;

/** The band with the least interval score (width plus ten times the miss) on folds that its calibration had not seen. */
export function chooseBand(residuals: Residuals, order: 'time' | 'groups'): ChosenBand {
  const tried = spreadsOf(residuals).map((spread) => ({ spread, ...judge(residuals, spread, order) }));
  const best = tried.reduce((a, b) => (b.score < a.score * 0.99 ? b : a));
  const below = calibrationOf(residuals, best.spread, order);
  return { band: bandOf(residuals, best.spread, () => true), covered: best.covered, judged: best.judged, below };
}

/** Value of a spread at a row. */
export function spreadAt(spread: Spread, point: number, input: number): number {
  switch (spread.kind) {
    case 'constant':
      return 1;
    case 'point':
      return Math.max(spread.floor, Math.abs(point));
    case 'input':
      return Math.max(spread.floor, input);
  }
}

function spreadsOf({ predicted, spreads }: Residuals): Spread[] {
  const floorOf = (values: Float64Array): number => Math.fround(0.1 * medianKnown(values.map((v) => Math.abs(v))));
  const point = floorOf(predicted);
  return [
    { kind: 'constant' },
    ...(point > 0 ? [{ kind: 'point' as const, floor: point }] : []),
    ...[...spreads].flatMap(([input, values]): Spread[] => {
      const floor = floorOf(values);
      return floor > 0 ? [{ kind: 'input', input, floor }] : [];
    }),
  ];
}

function judge(residuals: Residuals, spread: Spread, order: 'time' | 'groups'): { score: number; covered: Uint8Array; judged: Uint8Array } {
  const { predicted, actual, fold } = residuals;
  const n = actual.length;
  const covered = new Uint8Array(n);
  const judged = new Uint8Array(n);
  const folds = [...new Set(fold)].filter((f) => f >= 0).sort((a, b) => a - b);
  let score = 0;
  for (const f of folds) {
    const calibrates = calibratesFold(fold, f, order);
    if (!fold.some((_, i) => calibrates(i))) continue;
    const band = bandOf(residuals, spread, calibrates);
    for (let i = 0; i < n; i++) {
      if (fold[i] !== f) continue;
      const at = spreadOfRow(residuals, spread, i);
      const [low, high] = [predicted[i]! + band.low * at, predicted[i]! + band.high * at];
      judged[i] = 1;
      covered[i] = actual[i]! >= low && actual[i]! <= high ? 1 : 0;
      score += high - low + (2 / ALPHA) * Math.max(0, low - actual[i]!, actual[i]! - high);
    }
  }
  return { score, covered, judged };
}

/** Which rows a fold's band may be made from: those of earlier folds, or of any other. */
function calibratesFold(fold: Int32Array, f: number, order: 'time' | 'groups'): (row: number) => boolean {
  return (i) => fold[i]! >= 0 && (order === 'time' ? fold[i]! < f : fold[i] !== f);
}

function calibrationOf(residuals: Residuals, spread: Spread, order: 'time' | 'groups'): Calibration[] {
  const { predicted, actual, fold } = residuals;
  const scaled = actual.map((y, i) => (y - predicted[i]!) / spreadOfRow(residuals, spread, i));
  const below = LEVELS.map(() => 0);
  let n = 0;
  for (const f of new Set(fold)) {
    const calibrates = calibratesFold(fold, f, order);
    const known = scaled.filter((_, i) => calibrates(i)).sort();
    if (known.length === 0 || f < 0) continue;
    const quantiles = LEVELS.map((level) => known[Math.min(known.length - 1, Math.floor(level * known.length))]!);
    scaled.forEach((value, i) => {
      if (fold[i] !== f) return;
      n++;
      quantiles.forEach((q, k) => (below[k]! += value <= q ? 1 : 0));
    });
  }
  return n === 0 ? [] : LEVELS.map((nominal, k) => ({ nominal, observed: below[k]! / n }));
}

function bandOf(residuals: Residuals, spread: Spread, include: (row: number) => boolean): Band {
  const scaled: number[] = [];
  residuals.actual.forEach((y, i) => {
    if (include(i)) scaled.push((y - residuals.predicted[i]!) / spreadOfRow(residuals, spread, i));
  });
  const [low, , high] = conformalOffsets(scaled);
  return { spread, low: Math.fround(low), high: Math.fround(high) };
}

function spreadOfRow({ predicted, spreads }: Residuals, spread: Spread, row: number): number {
  return spreadAt(spread, predicted[row]!, spread.kind === 'input' ? (spreads.get(spread.input)?.[row] ?? NaN) : 0);
}

function medianKnown(values: Float64Array): number {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort();
  return sorted[sorted.length >> 1] ?? 0;
}
