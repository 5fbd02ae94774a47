import { expect, test } from 'vitest';
import { overallMedian, siteMean, siteMedian } from '../../../learning/learners/site-table.ts';

const fit = { seed: 1, isOver: () => false };
/** Site a saw 1, 2 and 9, site b saw 4; site c is in the plan, but was not visited in this fold. */
const set = {
  names: ['site_is_a', 'site_is_b', 'site_is_c', 'load'],
  n: 4,
  rows: Float32Array.from([1, 0, 0, NaN, 1, 0, 0, 5, 1, 0, 0, 5, 0, 1, 0, 5]),
  y: Float64Array.from([1, 2, 9, 4].map((v) => Math.log(v))),
  scale: 'log',
  visit: Int32Array.from([0, 0, 0, 1]),
} as const;
const asked = Float32Array.from([1, 0, 0, NaN, 0, 1, 0, NaN, 0, 0, 1, 5, 0, 0, 0, 5]);

test('a site has its own mean or median, an unvisited one that of all, and one outside of the plan is unknown', () => {
  const values = (learner: typeof siteMean): number[] =>
    [...learner.fit(set, fit).predict(asked, 4)].map((v) => Math.round(Math.exp(v) * 1e4) / 1e4);
  expect(values(siteMean)).toEqual([4, 4, 4, NaN]);
  expect(values(siteMedian)).toEqual([2, 4, 3, NaN]);
  expect(values(overallMedian)).toEqual([3, 3, 3, NaN]);
});
