import { describe, expect, test } from 'vitest';
import { average } from '../../../learning/learners/average.ts';
import { forest } from '../../../learning/learners/forest.ts';
import { overallMedian } from '../../../learning/learners/site-table.ts';
import { ridge } from '../../../learning/learners/ridge.ts';
import { bentSet } from '../models.ts';

const never = { seed: 1, isOver: () => false };

describe('forest', () => {
  test('learns a bend and a jump that no line has', () => {
    const model = forest().fit(bentSet(800, 1), never);
    const held = bentSet(400, 2);
    const error = (values: Float32Array): number => held.y.reduce((sum, y, i) => sum + Math.abs(y - values[i]!), 0) / held.n;
    expect(error(model.predict(held.rows, held.n))).toBeLessThan(0.7 * error(ridge.fit(bentSet(800, 1), never).predict(held.rows, held.n)));
  });

  test('gives the same trees for the same seed and others for another, and one tree when time is over', () => {
    const set = bentSet(200, 3);
    const values = (seed: number): Float32Array =>
      forest({ trees: 5 })
        .fit(set, { ...never, seed })
        .predict(set.rows, set.n);
    expect(values(7)).toEqual(values(7));
    expect(values(7)).not.toEqual(values(8));
    expect(forest().fit(set, { seed: 1, isOver: () => true }).about).toEqual({ trees: 1 });
  });

  test('never leaves the range of what it has seen', () => {
    const set = bentSet(300, 4);
    const values = forest({ trees: 10 }).fit(set, never).predict(bentSet(300, 5).rows, 300);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(Math.min(...set.y));
    expect(Math.max(...values)).toBeLessThanOrEqual(Math.max(...set.y));
  });
});

describe('an average', () => {
  test('is the mean of its parts row by row', () => {
    const set = bentSet(200, 1);
    const parts = [ridge, forest({ trees: 3 })];
    const [a, b] = parts.map((l) => l.fit(set, never).predict(set.rows, set.n));
    const mean = average(parts).fit(set, never).predict(set.rows, set.n);
    expect([...mean]).toEqual([...a!].map((v, i) => Math.fround((v + b![i]!) / 2)));
  });

  test('cannot tell where a part cannot', () => {
    const set = bentSet(50, 1);
    const mean = average([ridge, overallMedian]).fit(set, never);
    expect([...mean.predict(set.rows, 1)]).toEqual([NaN]);
  });
});
