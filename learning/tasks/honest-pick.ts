export interface PickInput {
  /** Predictions of each model for the compared rows. */
  readonly models: readonly Float64Array[];
  /** Loss of each compared row. */
  readonly lossOf: (predicted: Float64Array) => Float64Array;
  /** Fold of each compared row, ascending in time. */
  readonly fold: Int32Array;
  /** In time only earlier folds may be looked at; among groups any other. */
  readonly order: 'time' | 'groups';
}

/**
 * What the choice of a model would have predicted, had it been made without the rows it is judged on: for each fold the model, or the mean of the
 * best two or three, that does best on the folds it may look at. NaN in the first fold of time, which has none before it.
 */
export function predictedByPick(input: PickInput): Float64Array {
  const { models, fold, order } = input;
  const out = new Float64Array(fold.length).fill(NaN);
  const losses = models.map((m) => input.lossOf(m));
  for (const f of new Set(fold)) {
    const seen = Int32Array.from(fold.keys()).filter((i) => (order === 'time' ? fold[i]! < f : fold[i] !== f));
    if (seen.length === 0) continue;
    const sumOf = (values: Float64Array): number => seen.reduce((sum, i) => sum + values[i]!, 0);
    const sums = losses.map(sumOf);
    const ranked = [...models.keys()].sort((a, b) => sums[a]! - sums[b]! || a - b);
    const tried = [1, 2, 3].filter((k) => k <= models.length).map((k) => meanOf(ranked.slice(0, k).map((m) => models[m]!)));
    const [best] = tried.map((predicted) => ({ predicted, sum: sumOf(input.lossOf(predicted)) })).sort((a, b) => a.sum - b.sum);
    fold.forEach((of, i) => {
      if (of === f) out[i] = best!.predicted[i]!;
    });
  }
  return out;
}

export function meanOf(predictions: readonly Float64Array[]): Float64Array {
  return predictions[0]!.map((_, i) => predictions.reduce((sum, p) => sum + p[i]!, 0) / predictions.length);
}
