import type { BacktestState } from '../learning/backtest.ts';

/** JSON knows no NaN: what no fold has told yet is null. Doubles survive it bit for bit. */
export function encodeState(state: BacktestState): Uint8Array {
  const predicted = state.predicted.map(([learner, values]) => [learner, Array.from(values, (v) => (Number.isNaN(v) ? null : v))]);
  return new TextEncoder().encode(JSON.stringify({ folds: state.folds, predicted }));
}

export function decodeState(bytes: Uint8Array): BacktestState {
  const { folds, predicted } = JSON.parse(new TextDecoder().decode(bytes)) as { folds: number; predicted: [string, (number | null)[]][] };
  return { folds, predicted: predicted.map(([learner, values]) => [learner, Float64Array.from(values, (v) => v ?? NaN)]) };
}
