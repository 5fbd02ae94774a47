import { expect, test } from 'vitest';

import { breakerOf, breakerSentence, type EndedMove } from '../../domain/breaker.ts';

const RULE = { last: 10, least: 5, rate: 0.4, within: 3600 };
const NOW = 10_000_000;
/** One move per second, the newest last: `d` done, `r` reverted, `f` not even that, `x` refused, `c` cancelled. */
const ends = (text: string): EndedMove[] =>
  [...text].map((c, i) => ({
    end: c === 'd' ? 'done' : c === 'f' ? 'revert-failed' : c === 'x' ? 'refused' : 'reverted',
    endedMs: NOW - (text.length - i) * 1000,
    ...(c === 'c' && { why: 'cancelled' }),
  }));

test.each([
  ['', false, 0, 0],
  ['rrrr', false, 4, 4], // fewer than `least`
  ['rrddd', false, 5, 2], // 2 of 5 is the rate, not above it
  ['rrrdd', true, 5, 3],
  ['frfdd', true, 5, 3],
  ['rrxxxxcccc', false, 2, 2], // what was refused or cancelled does not count
  ['rrrrrdddddddddd', false, 10, 0], // only the last ten
  ['ddddddddddrrrrr', true, 10, 5],
])('of %s it is open: %s', (text, open, moves, reverts) => {
  expect(breakerOf(ends(text), RULE, { nowMs: NOW })).toEqual({ open, moves, reverts, limit: 0.4 });
});

test('it closes when bad moves have grown old, or are from before a reset', () => {
  const bad = ends('rrrrr');
  expect(breakerOf(bad, RULE, { nowMs: NOW + 3600_000 - 5001 }).open).toBe(true);
  expect(breakerOf(bad, RULE, { nowMs: NOW + 3600_000 - 5000 })).toMatchObject({ open: false, moves: 4 });
  expect(breakerOf(bad, RULE, { nowMs: NOW, resetMs: NOW })).toMatchObject({ open: false, moves: 0 });
});

test('a rate of 1 never opens it', () => {
  expect(breakerOf(ends('rrrrrrrrrr'), { ...RULE, rate: 1 }, { nowMs: NOW }).open).toBe(false);
});

test('it says its figures', () => {
  expect(breakerSentence(breakerOf(ends('rrrdd'), RULE, { nowMs: NOW }))).toBe(
    'the breaker is open: 3 of the last 5 moves were undone, at most 0.4 of them may be',
  );
});
