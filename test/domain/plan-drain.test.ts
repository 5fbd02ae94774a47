import { describe, expect, test } from 'vitest';

import { planDrain, type DrainInput, type Leaver } from '../../domain/plan-drain.ts';

const NOW = 1_000_000;
const ann = { by: 'ann', reason: 'audit' };
const leaver = (app: string, more: Partial<Leaver> = {}): Leaver => ({
  app,
  from: 'a',
  sites: ['b', 'c'],
  refusals: new Map(),
  predicted: new Map(),
  floor: 0.5,
  failed: [],
  ...more,
});
const input = (leavers: readonly Leaver[], more: Partial<DrainInput> = {}): DrainInput => ({
  leavers,
  claims: [],
  budgets: { fleet: 10, namespace: 10, source: 10, destination: 10 },
  namespaces: new Map(),
  capacity: new Map(),
  placements: leavers.map(({ app }) => ({ app, site: 'a' })),
  nowMs: NOW,
  ...more,
});
const whyStuck = (one: Partial<Leaver>, more: Partial<DrainInput> = {}) => planDrain(input([leaver('x', one)], more)).stuck[0]?.why;

test('apps spread over the sites that are good enough, and the better of two equally full ones comes first', () => {
  const four = ['p', 'q', 'r', 's'].map((app) => leaver(app, { predicted: new Map([['b', 0.6], ['c', 0.9]]) })); // prettier-ignore
  expect(planDrain(input(four)).moves.map(({ app, to }) => app + to)).toEqual(['pc', 'qb', 'rc', 'sb']);
  const bad = four.map((l) => ({ ...l, predicted: new Map([['b', 0.4], ['c', 0.9]]) })); // prettier-ignore
  expect(planDrain(input(bad)).moves.map(({ to }) => to)).toEqual(['c', 'c', 'c', 'c']);
});

test('no more than the budgets and the room let go; the others wait', () => {
  const six = ['k', 'l', 'm', 'n', 'o', 'p'].map((app) => leaver(app));
  const plan = planDrain(input(six, { budgets: { fleet: 4, namespace: 10, source: 3, destination: 10 } }));
  expect([plan.moves.length, plan.waiting.length]).toEqual([3, 3]);
  const full = planDrain(
    input(
      six.map((l) => ({ ...l, sites: ['b'] })),
      { capacity: new Map([['b', 2]]) },
    ),
  );
  expect([full.moves.length, full.waiting.length]).toEqual([2, 4]);
});

describe('why one cannot go:', () => {
  test.each<[string, Partial<Leaver>, string]>([
    ['nowhere else', { sites: [] }, 'x may run on no other site'],
    ['refused everywhere', { refusals: new Map([['b', 'full'], ['c', 'gone']]) }, 'b: full; c: gone'], // prettier-ignore
    ['worse everywhere', { sites: ['b'], predicted: new Map([['b', 0.49]]) }, 'b: would score 0.49, below 0.50'],
    ['turned off', { off: true }, 'x is turned off'],
    ['busy', { busy: 'a rollout' }, 'the workload is busy: a rollout'],
    ['failed too often', { failed: ['worse', 'quota', 'worse'] }, '3 moves of it failed; the last: worse'],
  ])('%s', (_, one, why) => expect(whyStuck(one)).toBe(why));

  const row = { app: 'x', seq: 1, paused: false, excluded: [], quarantine: [] };
  test('what an operator said, of the app or the fleet, until its time is over', () => {
    expect(whyStuck({ controller: { ...row, held: 'no way home' } })).toBe('x is held: no way home');
    expect(whyStuck({ controller: { ...row, frozen: ann } })).toBe('x is frozen by ann: audit');
    expect(whyStuck({ controller: { ...row, frozen: { ...ann, untilMs: NOW } } })).toBeUndefined();
    expect(whyStuck({}, { fleet: { seq: 1, paused: false, frozen: ann } })).toBe('the fleet is frozen by ann: audit');
    const excluded = [{ site: 'b', ...ann }];
    expect(whyStuck({ sites: ['b'] }, { fleet: { seq: 1, paused: false, excluded } })).toBe('b: excluded by ann: audit');
    expect(whyStuck({ sites: ['b'], controller: { ...row, quarantine: [{ site: 'b', untilMs: NOW + 1 }] } })).toBe(
      'b: a move there was undone a short time ago',
    );
  });
});
