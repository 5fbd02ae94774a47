import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boosting, fitBoosting } from '../../../learning/learners/boosting.ts';
import type { BoostingOptions } from '../../../learning/learners/boosting.ts';
import { boostingQuantiles } from '../../../learning/learners/boosting-quantiles.ts';
import { forest } from '../../../learning/learners/forest.ts';
import type { TrainingSet } from '../../../learning/learners/learner.ts';
import type { Loss } from '../../../learning/learners/loss.ts';
import { anySet, bentSet } from '../models.ts';

const never = { seed: 1, isOver: () => false };
const LOSSES: readonly Loss[] = [
  { kind: 'squared' },
  { kind: 'absolute' },
  { kind: 'pinball', alpha: 0.9 },
  { kind: 'sla', bound: 2, weight: 4 },
];
const base: BoostingOptions = {
  loss: { kind: 'squared' },
  rounds: 15,
  rate: 0.3,
  leaves: 6,
  minRows: 2,
  lambda: 0,
  bins: 64,
  columns: 1,
};
const shapes = fc.record({
  seed: fc.nat(1000),
  n: fc.integer({ min: 1, max: 150 }),
  width: fc.integer({ min: 1, max: 6 }),
  missing: fc.constantFrom(0, 0.2, 1),
});
const losses = fc.constantFrom(...LOSSES);

const fitted = (set: TrainingSet, own: Partial<BoostingOptions> = {}) => fitBoosting(set, { ...base, ...own }, never);

/** The same rows with other columns: column f is column `from[f]` of before, or `value` where there is none. */
function withColumns(set: TrainingSet, from: readonly (number | undefined)[], value = 7): TrainingSet {
  const width = set.names.length;
  const rows = Float32Array.from({ length: set.n * from.length }, (_, at) => {
    const f = from[at % from.length];
    return f === undefined ? value : set.rows[Math.floor(at / from.length) * width + f]!;
  });
  return { ...set, rows, names: from.map((f, i) => (f === undefined ? `extra${i}` : set.names[f]!)) };
}

describe('boosting, whatever the rows', () => {
  test('a target that never varies is predicted as it is', () => {
    fc.assert(
      fc.property(shapes, losses, fc.float({ min: -1000, max: 1000, noNaN: true }), (shape, loss, constant) => {
        const set = anySet(shape);
        const values = fitted({ ...set, y: set.y.map(() => constant) }, { loss }).predict(set.rows, set.n);
        for (const v of values) expect(Math.abs(v - constant)).toBeLessThanOrEqual(1e-6 * Math.abs(constant));
      }),
      { numRuns: 40 },
    );
  });

  test('every prediction is a number, also for rows of missing values only', () => {
    fc.assert(
      fc.property(shapes, losses, (shape, loss) => {
        const set = anySet(shape);
        const model = fitted(set, { loss });
        const rows = Float32Array.from([...set.rows, ...new Array<number>(set.names.length).fill(NaN)]);
        for (const v of model.predict(rows, set.n + 1)) expect(Number.isFinite(v)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('columns in another order give the same model', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.constantFrom(LOSSES[0]!, LOSSES[3]!),
        fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
        (seed, loss, order) => {
          // Sums of squares over leaves of many rows: few rows, or mere counts of signs, are parted alike by two features, and the order decides.
          const set = bentSet(400, seed);
          const shuffled = withColumns(set, order);
          const own = { loss, minRows: 25 };
          expect(fitted(shuffled, own).predict(shuffled.rows, set.n)).toEqual(fitted(set, own).predict(set.rows, set.n));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('constant and repeated columns change nothing', () => {
    fc.assert(
      fc.property(shapes, losses, (shape, loss) => {
        const set = anySet(shape);
        const own = [...set.names.keys()];
        const more = withColumns(set, [...own, undefined, ...own]);
        expect(fitted(more, { loss }).predict(more.rows, set.n)).toEqual(fitted(set, { loss }).predict(set.rows, set.n));
      }),
      { numRuns: 40 },
    );
  });

  test('the order of rows changes nothing', () => {
    fc.assert(
      fc.property(shapes, losses, (shape, loss) => {
        const set = anySet(shape);
        const width = set.names.length;
        const turned = [...set.y.keys()].reverse();
        const rows = Float32Array.from(turned.flatMap((i) => [...set.rows.subarray(i * width, (i + 1) * width)]));
        const reversed = { ...set, rows, y: Float64Array.from(turned, (i) => set.y[i]!) };
        const [a, b] = [fitted(set, { loss }), fitted(reversed, { loss })].map((model) => model.predict(set.rows, set.n));
        a!.forEach((v, i) => expect(b![i]).toBeCloseTo(v, 5));
      }),
      { numRuns: 40 },
    );
  });

  test('a prediction never goes against a direction that was asked for', () => {
    fc.assert(
      fc.property(shapes, losses, fc.constantFrom(1 as const, -1 as const), (shape, loss, direction) => {
        const set = anySet({ ...shape, missing: 0.1 });
        const width = set.names.length;
        const model = fitted(set, { loss, monotone: { a: direction } });
        const steps = [-1e4, -100, -1, -0.1, 0, 0.1, 1, 100, 1e4];
        for (let i = 0; i < Math.min(set.n, 20); i++) {
          const rows = Float32Array.from(steps.flatMap((x) => [x, ...set.rows.subarray(i * width + 1, (i + 1) * width)]));
          const values = model.predict(rows, steps.length);
          for (let k = 1; k < steps.length; k++) expect(direction * (values[k]! - values[k - 1]!)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('what there is to say of', () => {
  test('one row: its target', () => {
    const set = { ...bentSet(1, 1), y: Float64Array.from([3.5]) };
    for (const learner of [boosting(), boosting({ loss: { kind: 'absolute' } }), forest()])
      expect([...learner.fit(set, never).predict(set.rows, 1)]).toEqual([3.5]);
  });

  test('no rows and no features: that there is nothing to learn from', () => {
    const none = bentSet(0, 1);
    for (const learner of [boosting(), boostingQuantiles(), forest()]) {
      expect(() => learner.fit(none, never)).toThrow(RangeError);
      expect(() => learner.fit({ ...bentSet(3, 1), names: [], rows: new Float32Array() }, never)).toThrow(/no features/);
    }
  });

  test('settings that make no sense: which', () => {
    expect(() => boosting({ loss: { kind: 'pinball', alpha: 1 } })).toThrow(/alpha: between 0 and 1, got 1/);
    expect(() => boosting({ loss: { kind: 'sla', bound: NaN, weight: 2 } })).toThrow(/bound: a finite number/);
    expect(() => boosting({ loss: { kind: 'sla', bound: 1, weight: 0 } })).toThrow(/weight: from 1\/16 to 1024/);
    expect(() => boosting({ bins: 300 }).fit(bentSet(30, 1), never)).toThrow(/bins: from 3 to 256, got 300/);
    expect(() => boosting({ monotone: { nowhere: 1 } }).fit(bentSet(30, 1), never)).toThrow(/monotone: there is no feature nowhere/);
  });
});

describe('losses', () => {
  const set = bentSet(2000, 1);
  const share = (values: Float32Array): number => values.reduce((sum, v, i) => sum + (set.y[i]! <= v ? 1 : 0), 0) / set.n;

  test.each([0.1, 0.5, 0.9])('pinball %d has that share of the targets below it', (alpha) => {
    const model = boosting({ loss: { kind: 'pinball', alpha }, rounds: 60 }).fit(set, never);
    expect(Math.abs(share(model.predict(set.rows, set.n)) - alpha)).toBeLessThan(0.07);
  });

  test('a weight of w counts a row as w of them: leaf of 1 x 0 and 3 x 10 is 7.5', () => {
    const two: TrainingSet = {
      names: ['x'],
      n: 2,
      rows: Float32Array.from([1, 1]),
      y: Float64Array.from([0, 10]),
      scale: 'linear',
      visit: Int32Array.from([0, 1]),
    };
    const loss = { kind: 'sla', bound: 5, weight: 3 } as const;
    expect([...fitted(two, { loss }).predict(two.rows, 1)]).toEqual([7.5]);
    expect([...fitted(two, { loss: { ...loss, side: 'below' } }).predict(two.rows, 1)]).toEqual([2.5]);
  });
});
