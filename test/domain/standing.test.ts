import { expect, test } from 'vitest';
import type { PastDecision } from '../../domain/records.ts';
import { isStanding } from '../../domain/standing.ts';

const before: PastDecision = { app: 'web', lookMs: 1000, verdict: 'recommend', from: 'a', to: 'b', wanted: true };
const again = { verdict: 'recommend', from: 'a', to: 'b' } as const;

test('a recommendation stands when the look before recommended the same move', () => {
  expect(isStanding(again, before)).toBe(true);
});

test.each([
  ['the look before had no decision for the app', again, undefined],
  ['the move was wanted but not sustained yet', again, { ...before, verdict: 'stay' } as const],
  ['the move was held back', again, { ...before, verdict: 'hold' } as const],
  ['another site is recommended now', { ...again, to: 'c' }, before],
  ['the app is elsewhere now', { ...again, from: 'c' }, before],
  ['it is a move now', { ...again, verdict: 'move' } as const, before],
  ['it is a move now, as it was before', { ...again, verdict: 'move' } as const, { ...before, verdict: 'move' } as const],
])('it is news when %s', (_, decision, past) => {
  expect(isStanding(decision, past)).toBe(false);
});
