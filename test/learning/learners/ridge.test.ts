import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitRidge, ridge } from '../../../learning/learners/ridge.ts';
import { solveSpd } from '../../../learning/learners/solve.ts';
import { bentSet } from '../models.ts';

const line = {
  names: ['x'],
  n: 3,
  rows: Float32Array.from([0, 1, 2]),
  y: Float64Array.from([0, 1, 5]),
  scale: 'linear',
  visit: Int32Array.from([0, 1, 2]),
} as const;

test('three points by hand: a penalty of one per row halves the slope of 2.5 about the mean', () => {
  // z = (x - 1) / sqrt(2/3), sum z^2 = 3, sum z (y - 2) = 5 sqrt(3/2); weight = 5 sqrt(3/2) / (3 + 3), slope = weight sqrt(3/2) = 1.25.
  const values = fitRidge(line, 1).predict(Float32Array.from([0, 1, 2, 3]), 4);
  [0.75, 2, 3.25, 4.5].forEach((v, i) => expect(values[i]).toBeCloseTo(v, 5));
});

test('a missing value counts as the mean, and no prediction leaves the range that was seen', () => {
  const values = fitRidge(line, 1).predict(Float32Array.from([NaN, 1000, -1000]), 3);
  [2, 5, 0].forEach((v, i) => expect(values[i]).toBeCloseTo(v, 5));
});

test('without a penalty to speak of it is least squares: nothing left to explain by the feature', () => {
  const set = bentSet(200, 4);
  const predicted = fitRidge({ ...set, rows: set.rows.map((v) => (Number.isNaN(v) ? 0 : v)) }, 1e-9).predict(
    set.rows.map((v) => (Number.isNaN(v) ? 0 : v)),
    set.n,
  );
  const residuals = set.y.map((y, i) => y - predicted[i]!);
  const a = set.rows.filter((_, i) => i % set.names.length === 0).map((v) => (Number.isNaN(v) ? 0 : v));
  expect(residuals.reduce((sum, r) => sum + r, 0) / set.n).toBeCloseTo(0, 3);
  expect(residuals.reduce((sum, r, i) => sum + r * a[i]!, 0) / set.n).toBeCloseTo(0, 3);
});

test('a feature that never varies has no say, however large', () => {
  const set = bentSet(100, 5);
  const model = ridge.fit(set, { seed: 1, isOver: () => false });
  const changed = set.rows.map((v, i) => (i % set.names.length === 4 ? 1e6 : v));
  expect(model.predict(changed, set.n)).toEqual(model.predict(set.rows, set.n));
});

test('what Cholesky solves, multiplied out, is the right-hand side', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 12, maxLength: 12 }), (v) => {
      // B B' + I is positive definite for any B.
      const a = Float64Array.from({ length: 9 }, (_, i) =>
        [0, 1, 2].reduce((sum, k) => sum + v[Math.floor(i / 3) * 3 + k]! * v[(i % 3) * 3 + k]!, i % 4 === 0 ? 1 : 0),
      );
      const b = Float64Array.from(v.slice(9));
      const x = solveSpd(a.slice(), b);
      for (let i = 0; i < 3; i++) expect(a[i * 3]! * x[0]! + a[i * 3 + 1]! * x[1]! + a[i * 3 + 2]! * x[2]!).toBeCloseTo(b[i]!, 7);
    }),
  );
});
