import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate, type AllocateInput } from '../../domain/allocate.ts';
import { decide } from '../../domain/decide.ts';
import type { Decision } from '../../domain/decision.ts';
import { controller, decideCase, policy } from './decide-case.ts';

const template = decide(decideCase());
const move = (app: string, gain: number, change: Partial<Decision> = {}): Decision => ({
  ...template,
  id: `${app}-1`,
  app,
  from: 'hot',
  to: 'cool',
  gain,
  ...change,
});
const plan = (decisions: readonly Decision[], change: Partial<AllocateInput> = {}) =>
  allocate({
    decisions,
    claims: [],
    budgets: { fleet: 100, namespace: 100, source: 100, destination: 100 },
    namespaces: new Map(),
    capacity: new Map(),
    placements: decisions.map((d) => ({ app: d.app, ...(d.from !== undefined && { site: d.from }) })),
    ...change,
  });
const going = (decisions: readonly Decision[]) => decisions.filter((d) => d.verdict === 'move').map((d) => d.app);
const numbersOf = (d: Decision | undefined) => d?.gates.find((g) => g.gate === 'budget')?.numbers;
const twenty = Array.from({ length: 20 }, (_, i) => move(`app-${String(i).padStart(2, '0')}`, 0.1 + 0.01 * i));

test('of 20 apps and one cool site for 3, the 3 with the greatest gain go', () => {
  const planned = plan(twenty, { capacity: new Map([['cool', 3]]) });
  expect(going(planned)).toEqual(['app-17', 'app-18', 'app-19']);
  expect(planned[0]).toMatchObject({ verdict: 'hold', reason: 'budget' });
  expect(numbersOf(planned[0])).toMatchObject({ headroom: 0, destination: 3 });
  expect(planned[0]?.gates.find((g) => g.gate === 'budget')?.pass).toBe(false);
});

describe('each budget holds', () => {
  const budgets = { fleet: 100, namespace: 100, source: 100, destination: 100 };
  test.each([
    ['fleet', { budgets: { ...budgets, fleet: 4 } }, 4],
    ['namespace', { budgets: { ...budgets, namespace: 5 } }, 5],
    ['source', { budgets: { ...budgets, source: 2 } }, 2],
    ['destination', { budgets: { ...budgets, destination: 1 } }, 1],
    ['none allowed', { budgets: { ...budgets, fleet: 0 } }, 0],
    [
      'open claims count',
      {
        budgets: { ...budgets, destination: 3 },
        claims: [
          { app: 'x', from: 'a', to: 'cool' },
          { app: 'y', from: 'a', to: 'cool' },
        ],
      },
      1,
    ],
    ['open claims take headroom', { capacity: new Map([['cool', 3]]), claims: [{ app: 'x', from: 'a', to: 'cool' }] }, 2],
    [
      'apps there take headroom',
      {
        capacity: new Map([['cool', 3]]),
        placements: [
          { app: 'x', site: 'cool' },
          { app: 'y', site: 'cool' },
        ],
      },
      1,
    ],
    [
      'an app that arrived counts once',
      { capacity: new Map([['cool', 3]]), placements: [{ app: 'x', site: 'cool' }], claims: [{ app: 'x', from: 'a', to: 'cool' }] },
      2,
    ],
    ['an app that cannot be found may be there', { capacity: new Map([['cool', 3]]), placements: [{ app: 'x' }] }, 2],
  ])('%s', (_, change, admitted) => {
    expect(going(plan(twenty, change))).toHaveLength(admitted);
  });

  test('per namespace', () => {
    const namespaces = new Map(twenty.map((d, i) => [d.app, i % 2 ? 'odd' : 'even']));
    const planned = plan(twenty, { namespaces, budgets: { ...budgets, namespace: 1 } });
    expect(going(planned)).toEqual(['app-18', 'app-19']);
  });
});

test('an app with an open claim gets no second move', () => {
  const planned = plan([move('web', 0.5)], { claims: [{ app: 'web', from: 'hot', to: 'other' }] });
  expect(planned[0]).toMatchObject({ verdict: 'hold', reason: 'budget' });
  expect(numbersOf(planned[0])).toMatchObject({ open: 1 });
});

test('an override goes before every gain', () => {
  const forced = decide(decideCase({ controller: controller({ override: { site: 'b', by: 'ann', reason: 'x' } }) }));
  const planned = plan([move('app', 0.9), { ...forced, app: 'zed', gain: -0.4, from: 'hot', to: 'cool' }], {
    capacity: new Map([['cool', 1]]),
  });
  expect(going(planned)).toEqual(['zed']);
});

test('recommendations, stays and holds pass unchanged', () => {
  const others = [decide(decideCase({ policy: policy({ mode: 'recommend' }) })), decide(decideCase({ recordOnly: true }))];
  expect(plan(others, { budgets: { fleet: 0, namespace: 0, source: 0, destination: 0 } })).toEqual(others);
});

const site = fc.constantFrom('a', 'b', 'c', 'd');
const fleet = fc.record({
  moves: fc.uniqueArray(
    fc.record({ app: fc.integer({ min: 0, max: 40 }), from: site, to: site, gain: fc.double({ min: 0, max: 1, noNaN: true }) }),
    { selector: (m) => m.app, maxLength: 40 },
  ),
  claims: fc.array(fc.record({ app: fc.integer({ min: 100, max: 110 }), from: site, to: site }), { maxLength: 4 }),
  budgets: fc.record({ fleet: fc.nat(8), namespace: fc.nat(8), source: fc.nat(4), destination: fc.nat(4) }),
  cap: fc.nat(6),
});
const worldOf = ({ moves, claims, budgets, cap }: typeof fleet extends fc.Arbitrary<infer T> ? T : never) => ({
  decisions: moves.map((m) => move(`app-${m.app}`, m.gain, { from: m.from, to: m.to })),
  input: {
    claims: claims.map((c) => ({ app: `app-${c.app}`, from: c.from, to: c.to })),
    budgets,
    capacity: new Map(['a', 'b', 'c', 'd'].map((s) => [s, cap])),
  },
});
const count = (list: readonly { from?: string; to?: string }[], key: 'from' | 'to', value: string) =>
  list.filter((m) => m[key] === value).length;

test('no plan is over a budget or a capacity', () => {
  fc.assert(
    fc.property(fleet, (raw) => {
      const { decisions, input } = worldOf(raw);
      const admitted = plan(decisions, input).filter((d) => d.verdict === 'move');
      const open = [...admitted, ...input.claims];
      if (admitted.length > 0) expect(open.length).toBeLessThanOrEqual(Math.min(raw.budgets.fleet, raw.budgets.namespace));
      for (const m of admitted) {
        expect(count(open, 'from', m.from ?? '')).toBeLessThanOrEqual(raw.budgets.source);
        expect(count(open, 'to', m.to ?? '')).toBeLessThanOrEqual(raw.budgets.destination);
        expect(count(decisions, 'from', m.to ?? '') + count(open, 'to', m.to ?? '')).toBeLessThanOrEqual(raw.cap);
      }
    }),
  );
});

test('a loser would not fit beside the winners, and no loser with the same route has a greater gain', () => {
  fc.assert(
    fc.property(fleet, (raw) => {
      const { decisions, input } = worldOf(raw);
      const planned = plan(decisions, input);
      for (const loser of planned.filter((d) => d.verdict === 'hold')) {
        const n = numbersOf(loser) ?? {};
        const full = [
          ['fleet', 'fleetLimit'],
          ['namespace', 'namespaceLimit'],
          ['source', 'sourceLimit'],
          ['destination', 'destinationLimit'],
        ] as const;
        expect(full.some(([used, limit]) => (n[used] ?? NaN) >= (n[limit] ?? NaN)) || (n['headroom'] ?? 1) <= 0).toBe(true);
        const rivals = planned.filter((d) => d.verdict === 'move' && d.from === loser.from && d.to === loser.to);
        for (const winner of rivals) expect(winner.gain).toBeGreaterThanOrEqual(loser.gain ?? NaN);
      }
    }),
  );
});

test('the order of the decisions does not change who goes', () => {
  fc.assert(
    fc.property(fleet, fc.integer(), (raw, turn) => {
      const { decisions, input } = worldOf(raw);
      const at = decisions.length ? Math.abs(turn) % decisions.length : 0;
      const turned = [...decisions.slice(at), ...decisions.slice(0, at)];
      expect(going(plan(turned, input)).sort()).toEqual(going(plan(decisions, input)).sort());
    }),
  );
});
