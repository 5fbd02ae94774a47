import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { policySchema } from '../../../domain/config.ts';
import { type ReplayOptions, replayTraces } from '../../../domain/replay/replay-traces.ts';
import type { Trace } from '../../../domain/replay/trace.ts';
import { gauss, random, traceOf } from './traces.ts';

const options = (more: Partial<ReplayOptions> = {}): ReplayOptions => ({
  start: 0,
  target: 0.5,
  moveCostS: 0,
  policy: policySchema.parse({}),
  ...more,
});
const named = (trace: Trace, name: string, more: Partial<ReplayOptions> = {}) => {
  const found = replayTraces([trace], options(more)).policies.find((p) => p.name === name);
  if (!found) throw new Error(`there is no policy ${name}`);
  return found;
};
/** Site b gets better by 0.3 in window 6 and stays so. */
const STEP = traceOf(Array.from({ length: 20 }, (_, i) => [0.5, i < 6 ? 0.5 : 0.8]));

describe('a trace decided again', () => {
  test('a lasting step is followed within three looks, with one move', () => {
    const { berth } = replayTraces([STEP], options());
    const at = [...berth].indexOf(1);
    // Window 6 is first seen by the decision at the beginning of window 7.
    expect(at).toBeGreaterThanOrEqual(7);
    expect(at).toBeLessThanOrEqual(9);
    expect(named(STEP, 'berth').moves).toBe(1);
  });

  test('never moving has the mean of its site, the oracle that of the best, and regret is the difference', () => {
    expect(named(STEP, 'never-move:a')).toMatchObject({ meanQos: 0.5, moves: 0, flaps: 0 });
    const stays = named(STEP, 'never-move:b');
    expect(stays.meanQos).toBeCloseTo((6 * 0.5 + 14 * 0.8) / 20, 12);
    expect(named(STEP, 'oracle')).toMatchObject({ regret: 0, moves: 1 });
    expect(named(STEP, 'never-move:a').regret).toBeCloseTo((14 * 0.3) / 20, 12);
    expect(named(STEP, 'always-best-last-window').meanQos).toBeCloseTo((7 * 0.5 + 13 * 0.8) / 20, 12);
  });

  test('the first window of every policy is spent where it starts', () => {
    const { policies } = replayTraces(
      [
        traceOf([
          [0.2, 0.9],
          [0.2, 0.9],
        ]),
      ],
      options({ start: 0 }),
    );
    const best = policies.find((p) => p.name === 'always-best-last-window');
    expect(best?.secondsOn).toEqual({ a: 300, b: 300 });
  });

  test('an infinite threshold never moves', () => {
    expect(named(STEP, 'berth', { policy: policySchema.parse({ margin: { absolute: 1 } }) }).moves).toBe(0);
  });

  test('a site that is missing, or a present site that is, moves nothing', () => {
    const rows = (hide: number) =>
      Array.from({ length: 30 }, (_, i) => [i >= 6 && hide === 0 ? NaN : 0.3, i >= 6 && hide === 1 ? NaN : 0.3 + (i >= 6 ? 0.5 : 0)]);
    for (const hide of [0, 1]) expect(named(traceOf(rows(hide)), 'berth').moves).toBe(0);
  });

  test('an app that is good enough where it is stays', () => {
    expect(named(STEP, 'berth', { slo: 0.5 }).moves).toBe(0);
    expect(named(STEP, 'berth', { slo: 0.6 }).moves).toBe(1);
  });

  test('after a move the app rests for the cool-down', () => {
    const wave = traceOf(Array.from({ length: 200 }, (_, i) => (i % 8 < 4 ? [0.4, 0.8] : [0.8, 0.4])));
    const policy = policySchema.parse({ cooldown: { initial: '1h', factor: 1 }, margin: { errors: 0 } });
    const { berth } = replayTraces([wave], options({ policy }));
    const moves = [...berth].flatMap((site, i) => (i > 0 && site !== berth[i - 1] ? [i] : []));
    expect(moves.length).toBeGreaterThan(2);
    moves.forEach((at, i) => {
      if (i > 0) expect(at - (moves[i - 1] ?? 0)).toBeGreaterThanOrEqual(12);
    });
  });

  test.each([0.005, 0.02, 0.05, 0.1])('on two equal sites with noise of %d it never moves in 1,000 looks', (sd) => {
    for (const seed of [1, 2]) {
      const next = random(seed);
      const noisy = () => Math.min(1, Math.max(0, 0.6 + sd * gauss(next)));
      expect(named(traceOf(Array.from({ length: 1001 }, () => [noisy(), noisy()])), 'berth').moves).toBe(0);
    }
  });

  test('on a square wave across the threshold it moves at most once per cool-down', () => {
    for (const half of [1, 2, 3, 5, 8]) {
      const rows = Array.from({ length: 400 }, (_, i) => (Math.floor(i / half) % 2 ? [0.5, 0.7] : [0.7, 0.5]));
      const { berth } = replayTraces([traceOf(rows)], options({ policy: policySchema.parse({ cooldown: { initial: '30m', factor: 1 } }) }));
      const moves = [...berth].flatMap((site, i) => (i > 0 && site !== berth[i - 1] ? [i] : []));
      moves.forEach((at, i) => {
        if (i > 0) expect(at - (moves[i - 1] ?? 0)).toBeGreaterThanOrEqual(6);
      });
    }
  });

  test('no decision sees what comes after it', () => {
    const score = fc.oneof(
      { weight: 9, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
      { weight: 1, arbitrary: fc.constant(NaN) },
    );
    const rows = fc.array(fc.tuple(score, score, score), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(rows, rows, fc.nat(), (one, other, cut) => {
        const at = cut % one.length;
        const changed = [...one.slice(0, at), ...other].slice(0, one.length);
        const same = (a: readonly (readonly number[])[]) => [...replayTraces([traceOf(a)], options()).berth].slice(0, at + 1);
        expect(same([...changed, ...one.slice(changed.length)])).toEqual(same(one));
      }),
      { numRuns: 200 },
    );
  });
});
