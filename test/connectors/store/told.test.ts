import { expect, test } from 'vitest';
import type { Decision, Proposal } from '../../../domain/decision.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore(sampleConfig({ apps: 3, sites: 2 }));

/** What the outbox got since the last time. */
async function told(): Promise<{ id: string; app: string | undefined; data: Readonly<Record<string, unknown>> }[]> {
  const due = await fixture.store.dueNotices('test', T0 + 1e9, 100);
  await fixture.sql`delete from notice`;
  return due.map(({ notice: { id, app, data } }) => ({ id, app, data }));
}

const decision = (app: string, lookMs: number, change: Partial<Decision>): Decision => ({
  id: `${app}-${lookMs}`,
  app,
  lookMs,
  verdict: 'hold',
  reason: 'fresh',
  horizonS: 30,
  predictor: 'none',
  policyVersion: 1,
  candidates: [],
  gates: [],
  ...change,
});
async function look(lookMs: number, decisions: Decision[], proposals: Proposal[] = [], recordOnly = false): Promise<void> {
  await fixture.store.openLook({ lookMs, configVersion: 1, openedMs: lookMs, recordOnly });
  await fixture.store.writeDecisions(lookMs, decisions, proposals, lookMs + 1);
}

test('a look tells what it recommends and what wants an approval, once; what it moves is told when it is admitted', async () => {
  const verdicts = ['recommend', 'approve', 'move'] as const;
  const decisions = verdicts.map((v, i) => decision(`a${i}`, T0, { verdict: v === 'move' ? 'move' : 'recommend', reason: 'ok' }));
  const proposals = verdicts.map((verdict, i) => ({
    decisionId: `a${i}-${T0}`,
    app: `a${i}`,
    from: 's0',
    to: 's1',
    gain: 0.2,
    verdict,
    expiresMs: T0 + 9,
    reason: 'better',
  }));
  await look(T0, decisions, proposals);
  await look(T0, decisions, proposals);
  expect(await told()).toEqual([
    { id: `approval-wanted/a1-${T0}`, app: 'a1', data: expect.objectContaining({ from: 's0', to: 's1', gain: 0.2 }) },
    { id: `recommend/a0-${T0}`, app: 'a0', data: expect.objectContaining({ reason: 'better' }) },
  ]);
});

test('input that goes stale is told once for all the apps it hits, and again when it comes back and goes', async () => {
  const at = (n: number) => T0 + n * 60_000;
  const two = (n: number, reason: Decision['reason']) => ['a0', 'a1'].map((app) => decision(app, at(n), { reason }));
  await look(at(1), two(1, 'fresh'), [], true);
  expect(await told()).toEqual([]);
  await look(at(2), [...two(2, 'fresh'), decision('a2', at(2), { verdict: 'stay', reason: 'gain' })]);
  await look(at(3), two(3, 'complete'));
  expect(await told()).toEqual([{ id: `stale-input/${at(2)}`, app: undefined, data: { count: 2, apps: ['a0', 'a1'] } }]);
  await look(at(4), two(4, 'gain'));
  await look(at(5), two(5, 'fresh'));
  expect((await told()).map(({ id }) => id)).toEqual([`stale-input/${at(5)}`]);
});

test('a move tells its begin and its one end; a visit of a profile and what was refused tell nothing', async () => {
  const { store } = fixture;
  const claim = (decisionId: string, app: string, origin: 'look' | 'profile') =>
    store.claimMove({ decisionId, app, from: 's0', to: 's1', origin, reason: 'gain', by: 'berth', workflowId: 'w', nowMs: T0 });
  await claim('m1', 'a0', 'look');
  await claim('m1', 'a0', 'look');
  await store.endClaim('m1', { end: 'reverted', atMs: T0 + 5, why: 'quality fell', scoreBefore: 0.5 });
  await store.endClaim('m1', { end: 'done', atMs: T0 + 6 });
  await claim('m2', 'a1', 'profile');
  await store.endClaim('m2', { end: 'done', atMs: T0 + 5 });
  await claim('m3', 'a2', 'look');
  await store.endClaim('m3', { end: 'refused', atMs: T0 + 5, why: 'moved already' });
  expect((await told()).map(({ id, data }) => [id, data['why']])).toEqual([
    ['move-started/m1', undefined],
    ['move-started/m3', undefined],
    ['move-reverted/m1', 'quality fell'],
  ]);
});

test('a pause that runs out is told, one that an operator ends is not', async () => {
  const { store } = fixture;
  const paused = (untilMs: number) => ({ by: 'ann', reason: 'deploy', untilMs });
  const row = { app: 'a0', excluded: [], quarantine: [] };
  const [past, ahead] = [Date.now() - 1000, Date.now() + 3_600_000];
  await store.mirrorController({ ...row, seq: 1, paused: true, pause: paused(past) });
  await store.mirrorController({ ...row, seq: 2, paused: false });
  await store.mirrorController({ ...row, seq: 3, paused: true, pause: paused(ahead) });
  await store.mirrorController({ ...row, seq: 4, paused: false });
  await store.mirrorFleet({ seq: 1, paused: true, pause: paused(past) });
  await store.mirrorFleet({ seq: 2, paused: false });
  expect(await told()).toEqual([
    { id: `pause-expired//${past}`, app: undefined, data: paused(past) },
    { id: `pause-expired/a0/${past}`, app: 'a0', data: paused(past) },
  ]);
});
