import { describe, expect, test } from 'vitest';

import { cutWindows } from '../../../domain/replay/cut-windows.ts';
import { figuresOf } from '../../../domain/replay/figures.ts';
import { newest } from '../../../domain/replay/newest.ts';
import { siteLevel } from '../../../domain/replay/site-level.ts';
import { coolDownAfter } from '../../../domain/replay/cool-down.ts';
import { policySchema } from '../../../domain/config.ts';
import { traceOf } from './traces.ts';

const trace = traceOf([
  [0.6, 0.8],
  [0.4, 0.8],
  [0.4, 0.2],
  [0.6, 0.6],
]);
const figures = (course: readonly number[], more = {}) =>
  figuresOf([trace], Int32Array.from(course), { start: 0, target: 0.5, moveCostS: 0, ...more });

describe('the figures of a policy', () => {
  test('are those of the windows it was in', () => {
    expect(figures([0, 0, 1, 0])).toEqual({
      meanQos: (0.6 + 0.4 + 0.2 + 0.6) / 4,
      moves: 2,
      flaps: 1,
      regret: expect.closeTo((0.8 + 0.8 + 0.4 + 0.6 - 1.8) / 4, 12) as number,
      secondsBelowTarget: 600,
      secondsBelowTargetOn: { a: 300, b: 300 },
      percentBelowTarget: 50,
      crossings: 1,
      worstQos: 0.2,
      unknownWindows: 0,
      secondsOn: { a: 900, b: 300 },
      movesBetween: { 'a->b': 1, 'b->a': 1 },
      // The move to b lost 0.2, the move back to a gained nothing.
      precision: 0,
      // Only in window 1 is a below the target while b is not.
      recall: 0,
    });
    expect(figures([0, 1, 1, 1])).toMatchObject({ moves: 1, flaps: 0, precision: 1, recall: 1 });
  });

  test('a move costs the time without service', () => {
    expect(figures([0, 1, 1, 1], { moveCostS: 150 }).meanQos).toBeCloseTo((0.6 + 0.8 / 2 + 0.2 + 0.6) / 4, 12);
  });

  test('a move that takes longer than a window costs in the next ones too', () => {
    expect(figures([0, 1, 1, 1], { moveCostS: 450 })).toMatchObject({
      meanQos: expect.closeTo((0.6 + 0 + 0.2 / 2 + 0.6) / 4, 12) as number,
    });
  });

  test('a move back is no flap when it comes late', () => {
    const rows = Array.from({ length: 40 }, () => [0.5, 0.5]);
    const stay = (windows: number) => Int32Array.from(rows, (_, i) => (i >= 1 && i < 1 + windows ? 1 : 0));
    const flaps = (windows: number) => figuresOf([traceOf(rows)], stay(windows), { start: 0, target: 0, moveCostS: 0 }).flaps;
    expect([flaps(12), flaps(13)]).toEqual([1, 0]);
  });

  test('windows in which the own site is unknown count for nothing but that', () => {
    const holes = traceOf([
      [0.6, 0.8],
      [NaN, 0.8],
    ]);
    expect(figuresOf([holes], Int32Array.of(0, 0), { start: 0, target: 0.7, moveCostS: 0 })).toMatchObject({
      meanQos: 0.6,
      unknownWindows: 1,
      secondsBelowTarget: 300,
      percentBelowTarget: 100,
    });
  });
});

describe('windows', () => {
  test('begin with the earliest sample and hold the mean of what is known', () => {
    const [cut] = cutWindows(
      { apps: ['x'], sites: ['b', 'a'], atMs: [2000, 1000, 2999, 3000], app: [0, 0, 0, 0], site: [0, 0, 0, 1], score: [0.4, NaN, 0.6, 1] },
      2000,
    );
    expect(cut).toMatchObject({ sites: ['a', 'b'], fromMs: 1000, windows: 2 });
    expect([...(cut?.scores ?? [])]).toEqual([NaN, 0.5, 1, NaN]);
    expect([...(cut?.samples ?? [])]).toEqual([0, 2, 1, 0]);
  });
});

describe('what is kept of the past', () => {
  test('the quantiles are those of the newest numbers', () => {
    const three = newest(3);
    expect(three.quantile(0.5)).toBeNaN();
    for (const value of [9, 2, 1, 2]) three.push(value);
    expect([three.quantile(0), three.quantile(0.5), three.quantile(1)]).toEqual([1, 2, 2]);
  });

  test('the level of a site is its mean in noise, and its last window after a step', () => {
    const level = siteLevel();
    for (let i = 0; i < 24; i++) level.push(i % 2 ? 0.54 : 0.56);
    expect(level.expectation()?.p50).toBeCloseTo(0.55, 12);
    level.push(0.9);
    expect(level.expectation()?.p50).toBeCloseTo(0.9, 12);
  });

  test('of a site that is unknown now nothing is expected, and the gap is no error', () => {
    const level = siteLevel();
    for (const score of [0.5, 0.5, NaN]) level.push(score);
    expect(level.expectation()).toBeUndefined();
    for (const score of [0.5, 0.5]) level.push(score);
    expect(level.expectation()).toEqual({ p10: 0.5, p50: 0.5, p90: 0.5, error: 0 });
  });

  test('a rest grows with every move that follows soon, up to its limit, and begins anew after a quiet time', () => {
    const policy = policySchema.parse({ cooldown: { initial: 60, factor: 2, max: 200, reset: 1000 } });
    const first = coolDownAfter(undefined, policy, 0);
    const second = coolDownAfter(first, policy, 500_000);
    const third = coolDownAfter(second, policy, 700_000);
    const later = coolDownAfter(third, policy, 1_700_001);
    expect([first.untilMs, second.untilMs, third.untilMs, later.untilMs]).toEqual([60_000, 620_000, 900_000, 1_760_001]);
  });
});
