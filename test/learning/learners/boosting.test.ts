import { describe, expect, test } from 'vitest';
import { boosting, fitBoosting } from '../../../learning/learners/boosting.ts';
import type { BoostingOptions } from '../../../learning/learners/boosting.ts';
import { bentSet } from '../models.ts';

const never = { seed: 1, isOver: () => false };
const one: BoostingOptions = { loss: { kind: 'squared' }, rounds: 1, rate: 1, leaves: 2, minRows: 1, lambda: 0, bins: 64, columns: 1 };

function step(x: number[], y: number[]) {
  return {
    names: ['x'],
    n: x.length,
    rows: Float32Array.from(x),
    y: Float64Array.from(y),
    scale: 'linear' as const,
    visit: Int32Array.from(x, (_, i) => i),
  };
}

describe('one tree of one split', () => {
  test('by hand: base 5, split half-way between 2 and 3, leaves -5 and 5', () => {
    const model = fitBoosting(step([1, 2, 3, 4], [0, 0, 10, 10]), one, never);
    expect([...model.predict(Float32Array.from([-9, 2.5, 2.6, 99]), 4)]).toEqual([0, 0, 10, 10]);
  });

  test('shrinks its leaves by rate and lambda: 5 + 0.5 * 10 / (2 + 2)', () => {
    const model = fitBoosting(step([1, 2, 3, 4], [0, 0, 10, 10]), { ...one, rate: 0.5, lambda: 2 }, never);
    expect([...model.predict(Float32Array.from([4]), 1)]).toEqual([6.25]);
  });

  test('sends a missing value where missing values went in training', () => {
    const low = fitBoosting(step([NaN, NaN, 1, 2, 3, 4], [0, 0, 0, 0, 10, 10]), one, never);
    const high = fitBoosting(step([NaN, NaN, 1, 2, 3, 4], [10, 10, 0, 0, 10, 10]), one, never);
    expect(low.predict(Float32Array.from([NaN]), 1)[0]).toBeCloseTo(0, 5);
    expect(high.predict(Float32Array.from([NaN]), 1)[0]).toBeCloseTo(10, 5);
  });

  test('of absolute error takes medians, so that one wild value moves nothing', () => {
    const model = fitBoosting(step([1, 1, 1, 2, 2, 2], [1, 1, 900, 5, 5, 5]), { ...one, loss: { kind: 'pinball', alpha: 0.5 } }, never);
    expect([...model.predict(Float32Array.from([1, 2]), 2)]).toEqual([1, 5]);
  });
});

describe('boosting', () => {
  test.each([boosting(), boosting({ loss: { kind: 'absolute' } })])('$name learns a bend and a jump that no line has', (learner) => {
    const model = learner.fit(bentSet(800, 1), never);
    const held = bentSet(400, 2);
    const values = model.predict(held.rows, held.n);
    const error = held.y.reduce((sum, y, i) => sum + Math.abs(y - values[i]!), 0) / held.n;
    const mean = held.y.reduce((sum, y) => sum + y, 0) / held.n;
    expect(error).toBeLessThan(0.4 * (held.y.reduce((sum, y) => sum + Math.abs(y - mean), 0) / held.n));
  });

  test('gives the same trees for the same seed and others for another', () => {
    const set = bentSet(200, 3);
    const values = (seed: number): Float32Array =>
      boosting()
        .fit(set, { seed, isOver: () => false })
        .predict(set.rows, set.n);
    expect(values(7)).toEqual(values(7));
    expect(values(7)).not.toEqual(values(8));
  });

  test('out of time it still gives a model', () => {
    expect(boosting().fit(bentSet(100, 3), { seed: 1, isOver: () => true }).about).toEqual({ rounds: 1 });
  });
});
