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
}

const ALPHA = 0.2;

/** The band with the least interval score (width plus ten times the miss) on folds that its calibration had not seen. */
export function chooseBand(residuals: Residuals, order: 'time' | 'groups'): ChosenBand {
  const tried = spreadsOf(residuals).map((spread) => ({ spread, ...judge(residuals, spread, order) }));
  const best = tried.reduce((a, b) => (b.score < a.score * 0.99 ? b : a));
  return { band: bandOf(residuals, best.spread, () => true), covered: best.covered, judged: best.judged };
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
    const calibrates = (i: number): boolean => (order === 'time' ? fold[i]! < f : fold[i] !== f) && fold[i]! >= 0;
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
