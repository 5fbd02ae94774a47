import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { ClaimRequest, FleetRow } from '../../../domain/records.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const budgets = { fleet: 5, namespace: 4, source: 3, destination: 2 };
const policies = {
  plain: { mode: 'automatic' as const },
  shy: { mode: 'approve' as const },
  nightly: { mode: 'automatic' as const, windows: { zone: 'UTC', open: [{ from: '22:00', to: '23:00' }] } },
};
const base = sampleConfig({ apps: 130, sites: 8, budgets, policies });
/** Apps a0..a99 as they are; a100..a109 want approvals, a110..a119 move at night only; every third app is in another namespace. */
const config = {
  ...base,
  sites: { ...base.sites, s7: { ...base.sites['s7'], maxApps: 3, cordoned: false, facts: {} } },
  apps: Object.fromEntries(
    Object.entries(base.apps).map(([app, spec], n) => [
      app,
      { ...spec, policy: n >= 110 ? 'nightly' : n >= 100 ? 'shy' : 'plain', namespace: n % 3 === 0 ? 'web' : 'default' },
    ]),
  ),
};
const fixture = withStore(config);
const ann = { by: 'ann', reason: 'audit' };

let last = 0;
function request(n: number, change: Partial<ClaimRequest> = {}): ClaimRequest {
  const decisionId = `a${n}-${(last += 1)}`;
  return {
    decisionId,
    app: `a${n}`,
    from: 's0',
    to: 's1',
    origin: 'look',
    reason: 'gain',
    by: 'berth',
    workflowId: `move/a${n}/${decisionId}`,
    nowMs: T0,
    ...change,
  };
}
let seq = 0;
const fleet = (row: Partial<FleetRow>) => fixture.store.mirrorFleet({ seq: (seq += 1), paused: false, ...row });
const endAll = async (end: 'done' | 'reverted' = 'done') => {
  for (const { decisionId } of await fixture.store.openClaims()) await fixture.store.endClaim(decisionId, { end, atMs: T0 });
};
const refusalOf = async (asked: ClaimRequest) => {
  const answer = await fixture.store.claimMove(asked);
  return answer.admitted ? undefined : answer.refusal;
};

describe('what an operator said holds for every origin', () => {
  const origins = ['look', 'override', 'approval', 'drain'] as const;
  test.each(origins)('of a move: %s', async (origin) => {
    await fleet({ frozen: ann });
    expect(await refusalOf(request(1, { origin }))).toBe('the fleet is frozen by ann: audit');
    await fleet({ excluded: [{ site: 's1', ...ann, untilMs: T0 + 1 }] });
    expect(await refusalOf(request(1, { origin }))).toBe('site s1 is excluded by ann: audit');
    await fleet({ excluded: [{ site: 's1', ...ann, untilMs: T0 }] });
    await fixture.store.mirrorController({ app: 'a1', seq: (seq += 1), paused: false, excluded: [], quarantine: [], frozen: ann });
    expect(await refusalOf(request(1, { origin }))).toBe('app a1 is frozen where it is by ann: audit');
    await fixture.store.mirrorController({
      app: 'a1',
      seq: (seq += 1),
      paused: false,
      excluded: [{ site: 's1', ...ann }],
      quarantine: [],
      frozen: { ...ann, untilMs: T0 },
    });
    expect(await refusalOf(request(1, { origin }))).toBe('site s1 is excluded by ann: audit');
    expect(await refusalOf(request(1, { origin, to: 's2' }))).toBeUndefined();
    await fleet({});
    await endAll();
  });
});

test('an approved move needs a mode that lets it move, a look one that is automatic', async () => {
  expect(await refusalOf(request(100))).toBe('app a100 is not moved automatically: its mode is approve');
  expect(await refusalOf(request(100, { origin: 'approval' }))).toBeUndefined();
  await endAll();
});

test('outside its windows an app is moved by an operator only', async () => {
  const day = { nowMs: Date.parse('2026-11-25T21:59:59Z') };
  const night = { nowMs: Date.parse('2026-11-25T22:00:00Z') };
  expect(await refusalOf(request(110, day))).toBe('app a110 is outside its time windows');
  expect(await refusalOf(request(110, { ...day, origin: 'approval' }))).toBe('app a110 is outside its time windows');
  expect(await refusalOf(request(110, { ...day, origin: 'override' }))).toBeUndefined();
  expect(await refusalOf(request(111, { ...day, origin: 'drain' }))).toBeUndefined();
  await endAll();
  expect(await refusalOf(request(110, night))).toBeUndefined();
  await endAll();
});

test('the breaker stops every move until an operator resets it', async () => {
  const { store } = fixture;
  for (let n = 0; n < 20; n++) {
    const asked = request(60 + n, { nowMs: T0 + 1000 });
    expect(await refusalOf(asked)).toBeUndefined();
    await store.endClaim(asked.decisionId, { end: n < 12 ? 'done' : 'reverted', atMs: T0 + 1000 + n });
  }
  // 8 of the last 20 is the rate; one more is above it.
  const asked = request(21, { nowMs: T0 + 2000 });
  expect(await refusalOf(asked)).toBeUndefined();
  await store.endClaim(asked.decisionId, { end: 'reverted', atMs: T0 + 2000 });
  const sentence = 'the breaker is open: 9 of the last 20 moves were undone, at most 0.4 of them may be';
  for (const origin of ['look', 'override', 'drain'] as const)
    expect(await refusalOf(request(22, { origin, nowMs: T0 + 3000 }))).toBe(sentence);
  await fleet({ reset: { ...ann, atMs: T0 + 2500 } });
  expect(await refusalOf(request(22, { nowMs: T0 + 3000 }))).toBeUndefined();
  await endAll();
});

test('of twenty apps that want the one cool site for three, three go', async () => {
  const there = new Set<string>();
  for (let round = 0; round < 12; round++) {
    const asked = Array.from({ length: 20 }, (_, n) => request(30 + n, { from: `s${n % 6}`, to: 's7', nowMs: T0 + 5000 })).filter(
      ({ app }) => !there.has(app),
    );
    const open = await Promise.all(asked.map((r) => fixture.store.claimMove(r)));
    for (const answer of open) {
      if (!answer.admitted) continue;
      there.add(answer.claim.app);
      await fixture.store.appendScrape({
        atMs: T0 + 5000 + round,
        sites: [],
        apps: [{ app: answer.claim.app, placed: 's7', values: {} }],
      });
      await fixture.store.endClaim(answer.claim.decisionId, { end: 'done', atMs: T0 + 5000 });
    }
  }
  expect(there.size).toBe(3);
});

/** What of a kind is open at one moment. */
async function openNow() {
  const open = await fixture.store.openClaims();
  const most = (of: (c: (typeof open)[number]) => string) => {
    const counts = new Map<string, number>();
    for (const claim of open) counts.set(of(claim), (counts.get(of(claim)) ?? 0) + 1);
    return Math.max(0, ...counts.values());
  };
  return {
    fleet: open.length,
    namespace: most((c) => config.apps[c.app]?.namespace ?? ''),
    source: most((c) => c.from),
    destination: most((c) => c.to),
  };
}

test('two looks, a hundred forced moves and a drain in the same second never overshoot a budget', async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { minLength: 160, maxLength: 160 }), async (ways) => {
      const asked = ways.map(([from, way], i) => {
        const origin = i < 60 ? ('look' as const) : i < 130 ? ('override' as const) : ('drain' as const);
        // Looks want the same apps twice; the drain empties s0; forced moves come from everywhere.
        const n = origin === 'look' ? i % 30 : i % 100;
        const left = origin === 'drain' ? 0 : from;
        return request(n, { origin, from: `s${left}`, to: `s${way === left ? (way + 1) % 7 : way}`, nowMs: T0 + 10_000 });
      });
      let going = true;
      const watch = (async () => {
        while (going) {
          const now = await openNow();
          for (const [budget, limit] of Object.entries(budgets)) expect(now[budget as keyof typeof now], budget).toBeLessThanOrEqual(limit);
          seen = Math.max(seen, now.fleet);
        }
      })();
      const claims = asked.map(async (r) => {
        const answer = await fixture.store.claimMove(r);
        if (answer.admitted) await fixture.store.endClaim(r.decisionId, { end: 'done', atMs: T0 + 10_000 });
        return answer.admitted;
      });
      try {
        expect((await Promise.all(claims)).filter(Boolean).length).toBeGreaterThan(0);
      } finally {
        going = false;
        await watch;
      }
    }),
    { numRuns: 3 },
  );
  expect(seen, 'a watch that never saw a claim proves nothing').toBeGreaterThan(0);
});
