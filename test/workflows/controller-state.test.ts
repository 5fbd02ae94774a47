import { expect, test } from 'vitest';

import { bookEnd, initialState, type ControllerState } from '../../workflows/controller-state.ts';
import { objection } from '../../workflows/objection.ts';

const NOW = 1_000_000;
const cooldown = { initial: 10, factor: 2, max: 60, reset: 600 };
const times = { readyDeadlineS: 1, stableS: 0, soakS: 1, tolerance: 0.1, revertDeadlineS: 60 };

function controller(mode: 'recommend' | 'approve' | 'automatic'): ControllerState {
  return {
    ...initialState({ app: 'shop' }),
    facts: {
      known: true,
      sites: ['a', 'b'],
      mode,
      onPause: 'finish',
      cooldown,
      quarantineS: 60,
      quarantineMaxS: 200,
      approvalExpiresS: 600,
      approvalAgainS: 60,
      times,
    },
  };
}

const toB = { to: 'b', decisionId: 'd', expiresMs: NOW + 1000 };

test('only an app in automatic mode is moved by a proposal', () => {
  expect(objection(controller('automatic'), toB, NOW)).toBeUndefined();
  expect(objection(controller('recommend'), toB, NOW)).toBe('the mode of this app is recommend');
  expect(objection(controller('approve'), toB, NOW)).toBe('the mode of this app is approve');
});

test('an override moves an app in every mode', () => {
  const own = { ...controller('recommend'), override: { site: 'b', by: 'ann', reason: 'because' } };
  expect(objection(own, toB, NOW)).toBeUndefined();
});

test('a change that was not its move holds the app only where its undo failed', () => {
  const own = controller('automatic');
  bookEnd(own, { decisionId: 'shop-profile-1', end: 'done' }, NOW);
  expect([own.held, own.seq]).toEqual([undefined, 0]);
  bookEnd(own, { decisionId: 'shop-profile-1', end: 'revert-failed', why: 'no way home' }, NOW);
  expect(own.held).toBe('shop-profile-1 could not be undone: no way home');
  expect(own.seq).toBe(1);
});

test('moves close to each other cool down for longer each time, and a quiet time forgives', () => {
  const own = controller('automatic');
  const end = (atMs: number) => {
    own.moving = { decisionId: 'd', from: 'a', to: 'b', startedMs: atMs, askMs: atMs, origin: 'look' };
    bookEnd(own, { decisionId: 'd', end: 'done' }, atMs);
    return (own.coolUntilMs ?? 0) - atMs;
  };
  expect([end(NOW), end(NOW + 60_000), end(NOW + 120_000)]).toEqual([10_000, 20_000, 40_000]);
  expect(end(NOW + 180_000)).toBe(60_000);
  expect(end(NOW + 900_000)).toBe(10_000);
});
