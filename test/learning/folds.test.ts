import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockFolds, groupFolds, trainingRows } from '../../learning/folds.ts';

const visits = Int32Array.from([0, 0, 1, 1, 2, 2, 3, 3]);
const times = Float64Array.from([0, 1, 10, 11, 20, 21, 30, 31]);

test('groups are dealt in turn, or kept in blocks', () => {
  expect([...groupFolds(visits, 2).of]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  expect([...blockFolds(visits, 2).of]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect(blockFolds(visits, 8).count).toBe(4);
});

test('rows nearer than the gap to what is held out are not learned from', () => {
  const folds = blockFolds(visits, 4);
  expect(trainingRows(folds, 1, times, 5)).toEqual([0, 1, 4, 5, 6, 7]);
  expect(trainingRows(folds, 1, times, 9)).toEqual([0, 5, 6, 7]);
  expect(trainingRows(folds, 1, times, 25)).toEqual([]);
});

test('no group is ever on both sides, and the gap is kept', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 0, max: 5 }),
      (groups, gap) => {
        const group = Int32Array.from(groups);
        const at = Float64Array.from(groups, (_, i) => i);
        const folds = blockFolds(group, 4);
        for (let fold = 0; fold < folds.count; fold++) {
          const held = groups.flatMap((_, i) => (folds.of[i] === fold ? [i] : []));
          const train = trainingRows(folds, fold, at, gap);
          for (const i of train)
            for (const j of held) {
              expect(group[i]).not.toBe(group[j]);
              expect(Math.abs(at[i]! - at[j]!)).toBeGreaterThan(gap);
            }
        }
      },
    ),
  );
});
