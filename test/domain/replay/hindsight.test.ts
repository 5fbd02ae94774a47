import fc from 'fast-check';
import { expect, test } from 'vitest';

import { figuresOf } from '../../../domain/replay/figures.ts';
import { hindsight } from '../../../domain/replay/hindsight.ts';
import { traceOf } from './traces.ts';

const rows = [
  [0.5, 0.6],
  [0.5, 0.6],
  [0.9, 0.6],
  [0.5, 0.6],
];

test('without a cost it is on the best site of every window, and does not move for a tie', () => {
  expect([...hindsight([traceOf(rows)], { start: 0, moveCostS: 0 })]).toEqual([1, 1, 0, 1]);
  const tie = traceOf([
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
  expect([...hindsight([tie], { start: 1, moveCostS: 0 })]).toEqual([1, 1]);
});

test('it moves only for what a move is worth', () => {
  // A move of 150 s costs half a window: to b 0.3, for a gain of 0.1 in each of three windows; to a for one window 0.45, for a gain of 0.3.
  expect([...hindsight([traceOf(rows)], { start: 0, moveCostS: 150 })]).toEqual([0, 0, 0, 0]);
  expect([...hindsight([traceOf(rows)], { start: 1, moveCostS: 150 })]).toEqual([1, 1, 1, 1]);
  expect([...hindsight([traceOf(rows)], { start: 0, moveCostS: 30 })]).toEqual([1, 1, 0, 1]);
});

test('where nothing is known it stays, and a known site is preferred to one that is not', () => {
  const holes = traceOf([
    [NaN, NaN],
    [NaN, 0.2],
    [NaN, NaN],
  ]);
  expect([...hindsight([holes], { start: 0, moveCostS: 0 })]).toEqual([0, 1, 1]);
});

test('no other course is better', () => {
  const score = fc.integer({ min: 0, max: 10 }).map((n) => n / 10);
  const trace = fc.array(fc.tuple(score, score), { minLength: 1, maxLength: 7 }).map(traceOf);
  fc.assert(
    fc.property(trace, fc.constantFrom(0, 30, 150, 300), fc.nat({ max: 1 }), (one, moveCostS, start) => {
      const mean = (course: Int32Array) => figuresOf([one], course, { start, moveCostS, target: 0 }).meanQos ?? NaN;
      const best = mean(hindsight([one], { start, moveCostS }));
      for (let bits = 0; bits < 2 ** one.windows; bits++) {
        const other = Int32Array.from({ length: one.windows }, (_, i) => (bits >> i) & 1);
        expect(mean(other)).toBeLessThanOrEqual(best + 1e-12);
      }
    }),
    { numRuns: 200 },
  );
});
