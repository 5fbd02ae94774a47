import { describe, expect, test } from 'vitest';
import type { ClaimRequest } from '../../../domain/records.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore(sampleConfig({ apps: 120, sites: 40, budgets: { fleet: 5, namespace: 5, source: 2, destination: 2 } }));

function request(n: number, change: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    decisionId: `a${n}-${T0}`,
    app: `a${n}`,
    from: `s${n % 20}`,
    to: `s${20 + (n % 20)}`,
    origin: 'look',
    reason: 'gain',
    by: 'berth',
    predictedGain: 0.2,
    workflowId: `move/a${n}/a${n}-${T0}`,
    nowMs: T0,
    ...change,
  };
}

async function endAll(): Promise<void> {
  for (const claim of await fixture.store.openClaims()) await fixture.store.endClaim(claim.decisionId, { end: 'done', atMs: T0 + 1 });
}

test('of a hundred concurrent claims never more than the budget are open', async () => {
  const { store } = fixture;
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => store.claimMove(request(n))));
  expect(answers.filter((a) => a.admitted)).toHaveLength(5);
  expect(await store.openClaims()).toHaveLength(5);
  const refusals = answers.flatMap((a) => (a.admitted ? [] : [a.refusal]));
  expect(new Set(refusals)).toEqual(new Set(['budget fleet: 5 of 5 moves open']));
  await endAll();
});

test('a hundred concurrent requests of one decision are one claim', async () => {
  const { store } = fixture;
  const answers = await Promise.all(Array.from({ length: 100 }, () => store.claimMove(request(101))));
  expect(answers.every((a) => a.admitted && a.claim.decisionId === `a101-${T0}`)).toBe(true);
  expect(await store.openClaims()).toHaveLength(1);
  expect(await store.claimMove(request(101, { decisionId: 'a101-2' }))).toEqual({
    admitted: false,
    refusal: `app a101 has an open move already: a101-${T0}`,
  });
  expect(await store.claimMove(request(101, { to: 's39' }))).toMatchObject({ admitted: false });
  await endAll();
});

describe('a claim', () => {
  test('is refused by the budget that is full, with its figures', async () => {
    const { store } = fixture;
    await store.claimMove(request(52, { from: 's0', to: 's30' }));
    await store.claimMove(request(53, { from: 's0', to: 's31' }));
    expect(await store.claimMove(request(54, { from: 's0', to: 's32' }))).toEqual({
      admitted: false,
      refusal: 'budget source s0: 2 of 2 moves open',
    });
    await store.claimMove(request(55, { from: 's3', to: 's30' }));
    expect(await store.claimMove(request(56, { from: 's4', to: 's30' }))).toEqual({
      admitted: false,
      refusal: 'budget destination s30: 2 of 2 moves open',
    });
    expect(await store.claimMove(request(56, { from: 's4', to: 's34' }))).toMatchObject({ admitted: true });
    await endAll();
  });

  test('of what the configuration does not have is refused by name', async () => {
    const { store } = fixture;
    expect(await store.claimMove(request(57, { app: 'zz', decisionId: 'zz-1' }))).toEqual({
      admitted: false,
      refusal: 'app zz is not in the configuration in force',
    });
    expect(await store.claimMove(request(57, { to: 'mars' }))).toEqual({
      admitted: false,
      refusal: 'site mars is not in the configuration in force',
    });
    expect(await store.claimMove(request(57, { to: 's0', from: 's0' }))).toMatchObject({
      admitted: false,
      refusal: expect.stringContaining('same site'),
    });
    expect(await store.openClaims()).toEqual([]);
  });

  test('carries its whole life, and each first word stands', async () => {
    const { store } = fixture;
    const wanted = request(50);
    const { nowMs, ...asked } = wanted;
    const answer = await store.claimMove(wanted);
    expect(answer).toEqual({ admitted: true, claim: { ...asked, nowMs, openedMs: nowMs, phases: [] } });
    const snapshot = { app: 'a50', site: 's10', generation: 3, original: { b: 1, a: [null, 'x'] } };
    expect(await store.saveSnapshot(wanted.decisionId, snapshot)).toEqual(snapshot);
    expect(await store.saveSnapshot(wanted.decisionId, { ...snapshot, generation: 9 })).toEqual(snapshot);
    await store.claimPhase(wanted.decisionId, 'apply', T0 + 1);
    await store.claimPhase(wanted.decisionId, 'ready', T0 + 2);
    await store.claimPhase(wanted.decisionId, 'apply', T0 + 1);
    const end = { end: 'reverted', atMs: T0 + 9, why: 'worse', scoreBefore: 0.5, scoreAfter: 0.25, failedRequests: 0 } as const;
    const ended = await store.endClaim(wanted.decisionId, end);
    expect(ended).toEqual({
      ...asked,
      nowMs,
      openedMs: nowMs,
      snapshot,
      phases: [
        { phase: 'apply', atMs: T0 + 1 },
        { phase: 'ready', atMs: T0 + 2 },
      ],
      end: 'reverted',
      endedMs: T0 + 9,
      why: 'worse',
      scoreBefore: 0.5,
      scoreAfter: 0.25,
      failedRequests: 0,
    });
    expect(JSON.stringify(ended.snapshot)).toBe(JSON.stringify(snapshot));
    expect(await store.endClaim(wanted.decisionId, { end: 'done', atMs: T0 + 99 })).toEqual(ended);
    expect(await store.claim(wanted.decisionId)).toEqual(ended);
    expect(await store.claimMove(wanted)).toEqual({ admitted: true, claim: ended });
    expect(await store.openClaims()).toEqual([]);
    expect((await store.claims({ app: 'a50', limit: 5 })).map((c) => c.decisionId)).toEqual([wanted.decisionId]);
  });

  test('that does not exist, or a snapshot that is not its own or too big, is an error by name', async () => {
    const { store } = fixture;
    expect(await store.claim('ghost')).toBeUndefined();
    await expect(store.endClaim('ghost', { end: 'done', atMs: 1 })).rejects.toThrow('endClaim: there is no claim ghost');
    await expect(store.claimPhase('ghost', 'apply', 1)).rejects.toThrow('there is no claim ghost');
    const { decisionId } = request(51);
    await store.claimMove(request(51));
    await expect(store.saveSnapshot(decisionId, { app: 'a0', site: 's0', generation: 1, original: 1 })).rejects.toThrow('is of app "a0"');
    await expect(store.saveSnapshot(decisionId, { app: 'a51', site: 's0', generation: 1, original: 'x'.repeat(17_000) })).rejects.toThrow(
      'at most 16384',
    );
    await endAll();
    await expect(store.saveSnapshot(decisionId, { app: 'a51', site: 's0', generation: 1, original: 1 })).rejects.toThrow(
      'has ended (done)',
    );
  });
});

describe('pause', () => {
  const pause = { by: 'ann', reason: 'release' };

  test('of the app forbids its claims, and only its own, until it ends', async () => {
    const { store } = fixture;
    await store.mirrorController({
      app: 'a60',
      seq: 1,
      paused: true,
      pause: { ...pause, untilMs: T0 + 1000 },
      excluded: [],
      quarantine: [],
    });
    expect(await store.claimMove(request(60))).toEqual({ admitted: false, refusal: 'app a60 is paused by ann: release' });
    expect(await store.claimMove(request(61))).toMatchObject({ admitted: true });
    expect(await store.claimMove(request(60, { nowMs: T0 + 1000, from: 's1', to: 's35' }))).toMatchObject({ admitted: true });
    await endAll();
  });

  test('of the fleet forbids all, an app that is held is not touched', async () => {
    const { store } = fixture;
    await store.mirrorFleet({ seq: 1, paused: true, pause });
    expect(await store.claimMove(request(62))).toEqual({ admitted: false, refusal: 'the fleet is paused by ann: release' });
    await store.mirrorFleet({ seq: 2, paused: false });
    await store.mirrorController({ app: 'a62', seq: 1, paused: false, held: 'could not be undone', excluded: [], quarantine: [] });
    expect(await store.claimMove(request(62))).toEqual({ admitted: false, refusal: 'app a62 is held: could not be undone' });
  });

  test('that is acknowledged is seen by every claim admitted later', async () => {
    const { store } = fixture;
    await store.mirrorFleet({ seq: 3, paused: false });
    const claims = Array.from({ length: 40 }, (_, n) => store.claimMove(request(70 + n, { from: `s${n % 20}`, to: `s${20 + (n % 20)}` })));
    const [before] = await Promise.all([store.mirrorFleet({ seq: 4, paused: true, pause }).then(() => store.openClaims()), ...claims]);
    expect(await store.openClaims()).toEqual(before);
    await store.mirrorFleet({ seq: 5, paused: false });
    await endAll();
  });

  test('an older word of a controller changes nothing', async () => {
    const { store } = fixture;
    const row = {
      app: 'a63',
      seq: 5,
      paused: false,
      excluded: [{ site: 's1', by: 'bob', reason: 'noisy', untilMs: T0 }],
      quarantine: [{ site: 's2', untilMs: T0 }],
    };
    await store.mirrorController(row);
    await store.mirrorController({ ...row, seq: 4, paused: true });
    await store.mirrorController({ ...row, paused: true });
    expect(await store.controller('a63')).toEqual(row);
    expect(await store.controllers()).toContainEqual(row);
    expect(await store.controller('a64')).toBeUndefined();
  });
});
