import { asyncLocalStorage, type Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { beforeAll, describe, expect, test } from 'vitest';

import { decisionActivities } from '../../activities/decisions.ts';
import { replayPeriod } from '../../activities/replay-period.ts';
import { folderBlobs } from '../../connectors/blobs/folder.ts';
import { decodeFrame, encodeFrame } from '../../connectors/file/frame-parquet.ts';
import { policySchema } from '../../domain/config.ts';
import type { ClaimRequest, PredictionRow } from '../../domain/records.ts';
import { sampleConfig } from '../connectors/store/sample-config.ts';
import { T0, withStore } from '../connectors/store/store-fixture.ts';
import { random } from '../domain/replay/traces.ts';
import { memoryPlatform } from '../workflows/memory-platform.ts';

const APPS = 12;
const LOOKS = 40;
const SITES = ['s0', 's1', 's2'];
const apps = Array.from({ length: APPS }, (_, i) => `a${i}`);
const policies = { plain: { mode: 'automatic', margin: { absolute: 0.1 }, sustained: { looks: 2, of: 3 } } } as const;
const at = withStore(sampleConfig({ apps: APPS, sites: 3, policies, schedules: { look: { every: '10s' } } }));
const { cluster } = memoryPlatform({ sites: SITES, apps: Object.fromEntries(apps.map((app, i) => [app, `s${i % 3}`])) });
const next = random(7);

/** Scores that change slowly, with a stale site, an incomplete one, absurd and unknown ones among them. */
function predicted(app: string, look: number): PredictionRow {
  const i = Number(app.slice(1));
  const scores = SITES.map((_, s) => 0.5 + 0.4 * Math.sin(look / 5 + i + 2 * s));
  const q = Float32Array.from(scores.flatMap((p50) => [p50 - 0.05 * next(), p50, p50 + 0.05 * next()]));
  if (next() < 0.1) q.fill(NaN, 3, 6);
  if (next() < 0.1) q[1] = 7;
  return {
    app,
    modelKey: app,
    modelVersion: 1,
    predictor: next() < 0.1 ? 'none' : 'model',
    sites: SITES,
    q,
    rule: Float32Array.from(scores, (score) => (next() < 0.1 ? NaN : next() < 0.1 ? 0 : score)),
    ageS: Float32Array.from(SITES, () => (next() < 0.1 ? 90 : next())),
    appAgeS: next() < 0.05 ? NaN : next(),
    complete: Float32Array.from(SITES, () => (next() < 0.1 ? 0.5 : 1)),
    appComplete: next() < 0.05 ? 0.1 : 1,
    placed: `s${i % 3}`,
    horizonMs: 30_000,
  };
}

async function look(number: number): Promise<void> {
  const lookMs = T0 + number * 10_000;
  const nowMs = lookMs + Math.floor(next() * 2000);
  const { store } = at;
  await store.openLook({ lookMs, configVersion: 1, openedMs: nowMs, recordOnly: number === 20 });
  await store.writePredictions(
    lookMs,
    apps.slice(0, -1).map((app) => predicted(app, number)),
  );
  const never = new Proxy({} as Client, { get: () => expect.unreachable('a fixed interval asks no Temporal') });
  const notifier = { send: () => expect.unreachable('a decision tells nobody outside') };
  const frames = { encode: encodeFrame, decode: decodeFrame };
  const deps = { store, cluster, client: never, blobs: folderBlobs('/nowhere'), frames, notifier, clock: () => nowMs, shardSize: 1 };
  await asyncLocalStorage.run({ heartbeat: () => undefined } as Context, () => decisionActivities(deps).decideFleet({ lookMs }));
}

/** What operators and moves leave behind, so that every kind of gate has something to say. */
async function happenings(number: number): Promise<void> {
  const { store } = at;
  const nowMs = T0 + number * 10_000;
  const by = { by: 'ann', reason: 'test', untilMs: nowMs + 45_000 };
  const row = { seq: number, paused: false, excluded: [], quarantine: [] };
  if (number === 5) await store.mirrorController({ ...row, app: 'a0', paused: true, pause: by });
  if (number === 6) await store.mirrorController({ ...row, app: 'a1', excluded: [{ site: 's0', ...by }], coolUntilMs: nowMs + 33_333 });
  if (number === 7) await store.mirrorController({ ...row, app: 'a2', quarantine: [{ site: 's0', untilMs: nowMs + 77_777 }] });
  if (number === 8) await store.mirrorController({ ...row, app: 'a3', override: { site: 's2', ...by } });
  if (number === 9) await store.mirrorController({ ...row, app: 'a4', held: 'undo failed' });
  if (number === 10) await store.mirrorController({ ...row, app: 'a5', moving: 'x' });
  if (number === 12) await store.mirrorFleet({ seq: 1, paused: true, pause: { by: 'ann', reason: 'test', untilMs: nowMs + 15_000 } });
  const claim = { decisionId: 'x', app: 'a5', from: 's2', to: 's0', reason: 'x', by: 'x', workflowId: 'x', nowMs };
  if (number === 10) await store.claimMove({ ...claim, origin: 'override' });
  if (number === 18) await store.endClaim('x', { end: 'done', atMs: nowMs - 1 });
}

/** What a look moved is over before the next: to no good with a6, whose model loses its rights by that. */
async function movesOf(number: number): Promise<void> {
  const lookMs = T0 + number * 10_000;
  for (const { id, app, from, to } of await at.store.decisions({ fromMs: lookMs, toMs: lookMs, verdict: 'move', limit: APPS }))
    if (app === 'a6') await moved({ decisionId: id, app, from: from ?? '', to: to ?? '', origin: 'look' }, lookMs + 3000);
}

async function moved(move: Pick<ClaimRequest, 'decisionId' | 'app' | 'from' | 'to' | 'origin'>, nowMs: number): Promise<void> {
  const { store } = at;
  await store.claimMove({ ...move, reason: 'x', by: 'x', workflowId: 'x', nowMs });
  await store.claimPhase(move.decisionId, 'apply', nowMs);
  await store.claimPhase(move.decisionId, 'serving', nowMs + 2345);
  await store.endClaim(move.decisionId, { end: 'done', atMs: nowMs + 2500, scoreBefore: 0.5, scoreAfter: 0.3 });
}

beforeAll(async () => {
  await at.store.addModel({
    key: 'a0',
    onnxSha256: '0'.repeat(64),
    contract: {},
    contractDigest: '0'.repeat(64),
    servedBy: 'model',
    report: {},
    profileId: 'x',
    createdMs: T0,
  });
  await at.store.saveEvidence(
    apps.flatMap((app, i) =>
      SITES.map((site, s) => ({
        key: app,
        version: 1,
        app,
        site,
        samples: i === 7 ? 15 : i === 8 ? 3 : 100,
        newestMs: i === 9 ? T0 - 30 * 86_400_000 : T0,
        error: i === 10 && s === 1 ? 0.3 : 0.03 + next() / 50,
        coverage: 0.8,
      })),
    ),
  );
  for (const app of apps) {
    if (app !== 'a0')
      await at.store.addModel({
        key: app,
        onnxSha256: '0'.repeat(64),
        contract: { app },
        contractDigest: app.padStart(64, '0'),
        servedBy: 'model',
        report: {},
        profileId: 'x',
        createdMs: T0,
      });
    await at.store.setAlias({ key: app, alias: 'champion', version: 1, by: 'test', why: 'test', atMs: T0 });
  }
  // Often enough for the time to move to be known.
  for (let i = 0; i < 20; i++)
    await moved({ decisionId: `by-hand-${i}`, app: 'a7', from: 's0', to: i % 2 ? 's1' : 's2', origin: 'override' }, T0 - 60_000 + i * 100);
  for (let number = 0; number < LOOKS; number++) {
    await happenings(number);
    await look(number);
    await movesOf(number);
  }
}, 120_000);

const period = (more = {}) => replayPeriod(at.store, { fromMs: T0, toMs: T0 + LOOKS * 10_000, ...more });

describe('recorded looks decided again', () => {
  test('with the same policies every decision is the same, bit for bit', async () => {
    const { looks, decisions, identical, changes, recorded, expected } = await period();
    expect(changes).toEqual([]);
    expect({ looks, decisions, identical }).toEqual({ looks: LOOKS, decisions: APPS * LOOKS, identical: APPS * LOOKS });
    expect(expected.decisions).toBeGreaterThan(100);
    expect(expected.of.replayed).toEqual(expected.of.recorded);
    const { staying, recorded: kept, best } = expected.of;
    expect(staying.moves).toBe(0);
    expect(kept.moves).toBeGreaterThan(0);
    expect(kept.moves).toBeLessThan(best.moves);
    expect([staying.meanQos, kept.meanQos, best.meanQos].every((q, i, all) => i === 0 || (q ?? NaN) > (all[i - 1] ?? NaN))).toBe(true);
    // There was something to decide.
    for (const verdict of ['move', 'recommend', 'hold', 'stay'] as const) expect(recorded[verdict]).toBeGreaterThan(0);
    const known = await at.store.decisions({ limit: APPS * LOOKS });
    const says = (gate: string, figure: string) =>
      known.some((d) => d.gates.some((g) => g.gate === gate && g.numbers[figure] !== undefined));
    expect([says('horizon', 'moveS'), says('gain', 'cost'), says('rights', 'siteGain'), says('trust', 'ageS')]).toEqual(
      Array(4).fill(true),
    );
    expect(known.some((d) => d.reason === 'rights' || d.reason === 'approval')).toBe(true);
  });

  test('from any look on, with the looks before it as they were', async () => {
    const { decisions, identical } = await period({ fromMs: T0 + 17 * 10_000 });
    expect(identical).toBe(decisions);
    expect(decisions).toBe(APPS * (LOOKS - 17));
  });

  test('an infinite threshold moves nothing that nobody ordered', async () => {
    const policy = policySchema.parse({ mode: 'automatic', margin: { absolute: 1 } });
    const { replayed, recorded, different } = await period({ policy });
    expect(recorded.move).toBeGreaterThan(5);
    const forced = await at.store.decisions({ app: 'a3', verdict: 'move', limit: 100, fromMs: T0 });
    expect(replayed.move).toBe(forced.filter((d) => d.reason === 'override').length);
    expect(different).toBeGreaterThan(0);
  });

  test('a mode of recommending recommends what was moved', async () => {
    const { replayed } = await period({ app: 'a6', policy: policySchema.parse({ ...policies.plain, mode: 'recommend' }) });
    expect(replayed.move).toBe(0);
    expect(replayed.recommend).toBeGreaterThan(0);
  });

  test('a look whose predictions are gone is counted, not guessed', async () => {
    await at.sql`delete from berth.prediction where look_ms = ${T0 + 30_000}`;
    const { looks, withoutPredictions } = await period();
    expect({ looks, withoutPredictions }).toEqual({ looks: LOOKS - 1, withoutPredictions: 1 });
  });
});
