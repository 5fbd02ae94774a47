import { expect, test } from 'vitest';

import { predictedByPick } from '../../../learning/tasks/honest-pick.ts';

const absolute = (predicted: Float64Array): Float64Array => predicted.map((p) => Math.abs(p));
const fold = Int32Array.of(0, 0, 1, 1, 2, 2);
/** Against a truth of 0: the first model is best in folds 0 and 2, the second in fold 1. */
const models = [Float64Array.of(1, 1, 9, 9, 1, 1), Float64Array.of(5, 5, 2, 2, 5, 5)];

test('in time a fold is predicted by what did best before it, and the first by nothing', () => {
  // Fold 2 saw sums of 20 and 14 for the models and 17 for their mean.
  expect([...predictedByPick({ models, lossOf: absolute, fold, order: 'time' })]).toEqual([NaN, NaN, 9, 9, 5, 5]);
});

test('among groups any other fold may be looked at, never the own', () => {
  // Fold 0 saw 20 and 14, fold 1 saw 4 and 20, fold 2 saw 20 and 14.
  expect([...predictedByPick({ models, lossOf: absolute, fold, order: 'groups' })]).toEqual([5, 5, 9, 9, 5, 5]);
});

test('what happens in a fold never changes its own pick', () => {
  const changed = models.map((m, k) => m.map((v, i) => (fold[i] === 2 ? 100 * (k + 1) : v)));
  expect([...predictedByPick({ models: changed, lossOf: absolute, fold, order: 'time' })].slice(4)).toEqual([200, 200]);
});
