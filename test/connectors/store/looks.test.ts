import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision, Proposal, Verdict } from '../../../domain/decision.ts';
import type { PredictionRow } from '../../../domain/records.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore(sampleConfig({ apps: 60, sites: 3 }));

function prediction(app: string, seed = 1): PredictionRow {
  const from = (n: number, offset: number) => Float32Array.from({ length: n }, (_, i) => Math.fround((seed + offset + i) / 100));
  return {
    app,
    modelKey: 'a0',
    modelVersion: 3,
    predictor: 'model',
    sites: ['s2', 's0', 's1'],
    q: from(9, 0).fill(NaN, 3, 6),
    rule: from(3, 20),
    ageS: Float32Array.of(1, 2, Infinity),
    appAgeS: 1.5,
    complete: Float32Array.of(1, 0.5, 0),
    appComplete: 0.75,
    observed: 0.1 + seed,
    placed: 's0',
    horizonMs: 30_000,
  };
}

function decision(app: string, lookMs: number, change: Partial<Decision> = {}): Decision {
  return {
    id: `${app}-${lookMs}`,
    app,
    lookMs,
    verdict: 'stay',
    reason: 'gain',
    from: 's0',
    to: 's1',
    gain: Math.fround(0.02),
    horizonS: 30,
    predictor: 'model',
    modelVersion: 3,
    policyVersion: 1,
    candidates: [
      { site: 's0', current: true, qos: { p10: 0.25, p50: 0.5, p90: 0.75 }, trust: 'trusted' },
      { site: 's2', current: false, trust: 'insufficient', refusal: 'cordoned' },
    ],
    gates: [{ gate: 'gain', pass: false, numbers: { gain: Math.fround(0.02), needed: Math.fround(0.05) } }],
    ...change,
  };
}

const move = (app: string, lookMs: number) => decision(app, lookMs, { verdict: 'move', reason: 'ok' });
const hold = (app: string, lookMs: number, reason: Decision['reason']) => decision(app, lookMs, { verdict: 'hold', reason });

function proposal(app: string, lookMs: number, expiresMs = lookMs + 60_000): Proposal {
  return { decisionId: `${app}-${lookMs}`, app, from: 's0', to: 's1', gain: 0.2, verdict: 'move', expiresMs, reason: 'gain' };
}

async function look(
  lookMs: number,
  decisions: readonly Decision[],
  { proposals = [], recordOnly = false }: { proposals?: Proposal[]; recordOnly?: boolean } = {},
) {
  const opened = await fixture.store.openLook({ lookMs, configVersion: 1, openedMs: lookMs + 5, recordOnly });
  await fixture.store.writeDecisions(lookMs, decisions, proposals, lookMs + 100);
  return opened;
}

describe('predictions', () => {
  test('come back as they were written, unknown values too', async () => {
    const rows = [prediction('a0', 1), { ...prediction('a1', 2), ageS: Float32Array.of(3, 4, 5) }];
    await fixture.store.writePredictions(T0, rows);
    expect(await fixture.store.readPredictions(T0)).toEqual(rows);
    const bare: PredictionRow = {
      app: 'a2',
      predictor: 'none',
      sites: ['s1'],
      q: new Float32Array(3).fill(NaN),
      rule: Float32Array.of(NaN),
      ageS: Float32Array.of(Infinity),
      appAgeS: Infinity,
      complete: Float32Array.of(0),
      appComplete: 0,
      horizonMs: 1,
    };
    await fixture.store.writePredictions(T0 + 1, [bare]);
    expect(await fixture.store.readPredictions(T0 + 1)).toEqual([bare]);
  });

  test('of a shard that runs again are replaced, those of other shards stay', async () => {
    const lookMs = T0 + 1000;
    await fixture.store.writePredictions(lookMs, [prediction('a0', 1), prediction('a1', 1)]);
    await Promise.all([
      fixture.store.writePredictions(lookMs, [prediction('a1', 7)]),
      fixture.store.writePredictions(lookMs, [prediction('a2', 8)]),
    ]);
    expect((await fixture.store.readPredictions(lookMs)).map((r) => [r.app, r.observed])).toEqual([
      ['a0', 1.1],
      ['a1', 7.1],
      ['a2', 8.1],
    ]);
  });

  test('with a list of the wrong length or an unknown name are refused, and nothing of them is written', async () => {
    const lookMs = T0 + 2000;
    await expect(
      fixture.store.writePredictions(lookMs, [prediction('a0'), { ...prediction('a1'), rule: new Float32Array(2) }]),
    ).rejects.toThrow('rule of the prediction of app "a1" has 2 values for 3 sites');
    await expect(fixture.store.writePredictions(lookMs, [prediction('zz')])).rejects.toThrow('app "zz"');
    expect(await fixture.store.readPredictions(lookMs)).toEqual([]);
  });

  test('of any floats survive bit for bit', async () => {
    let lookMs = T0 + 3000;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.float(), { minLength: 9, maxLength: 9 }), async (values) => {
        const row = { ...prediction('a0'), q: Float32Array.from(values) };
        await fixture.store.writePredictions(++lookMs, [row]);
        const [read] = await fixture.store.readPredictions(lookMs);
        expect(read?.q).toEqual(row.q);
      }),
      { numRuns: 15 },
    );
  });
});

describe('a look', () => {
  test('is opened once; opening it again finds the first row', async () => {
    const lookMs = T0 + 10_000;
    const first = await fixture.store.openLook({ lookMs, configVersion: 1, openedMs: lookMs + 5, recordOnly: false });
    expect(first.look).toEqual({ lookMs, configVersion: 1, openedMs: lookMs + 5, recordOnly: false });
    expect(await fixture.store.openLook({ lookMs, configVersion: 2, openedMs: lookMs + 900, recordOnly: true })).toEqual(first);
  });

  test('knows the look before: decided, and not only recorded', async () => {
    const at = T0 + 20_000;
    await look(at, [decision('a0', at)]);
    await look(at + 1000, [decision('a0', at + 1000)], { recordOnly: true });
    await fixture.store.openLook({ lookMs: at + 2000, configVersion: 1, openedMs: at, recordOnly: false });
    expect((await look(at + 3000, [decision('a0', at + 3000)])).previousMs).toBe(at);
  });

  test('without a look before it says so', async () => {
    expect(await fixture.store.openLook({ lookMs: 1000, configVersion: 1, openedMs: 1001, recordOnly: true })).not.toHaveProperty(
      'previousMs',
    );
  });

  test('that is decided again changes nothing and says so', async () => {
    const at = T0 + 30_000;
    await fixture.store.writePredictions(at, [prediction('a0'), prediction('a1'), { ...prediction('a2'), modelVersion: 4 }]);
    await fixture.store.openLook({ lookMs: at, configVersion: 1, openedMs: at, recordOnly: false });
    const write = (verdict: Verdict) =>
      fixture.store.writeDecisions(at, [decision('a0', at, { verdict }), move('a1', at)], [proposal('a1', at)], at + 1);
    const [one, two] = await Promise.all([write('stay'), write('stay')]);
    expect([one.again, two.again].sort()).toEqual([false, true]);
    expect(one.counts).toEqual({ stay: 1, hold: 0, recommend: 0, move: 1 });
    expect(await write('hold')).toEqual({ counts: one.counts, again: true });
    expect((await fixture.store.decisions({ fromMs: at, toMs: at, limit: 9 })).map((d) => d.verdict)).toEqual(['stay', 'move']);
    expect(await fixture.sql`select key, version, apps from look_model where look_ms = ${at} order by version`).toEqual([
      { key: 'a0', version: 3, apps: 2 },
      { key: 'a0', version: 4, apps: 1 },
    ]);
    expect(await fixture.store.closeLook(at, at + 50)).toMatchObject({ decidedMs: at + 1, closedMs: at + 50, counts: one.counts });
    expect(await fixture.store.closeLook(at, at + 99)).toMatchObject({ closedMs: at + 50 });
    expect((await fixture.store.looks(at, at)).map((l) => l.lookMs)).toEqual([at]);
  });

  test('that was never opened cannot be decided or closed', async () => {
    await expect(fixture.store.writeDecisions(5, [], [], 6)).rejects.toThrow('the look 5 was never opened');
    await expect(fixture.store.closeLook(5, 6)).rejects.toThrow('closeLook: the look 5 was never opened');
  });

  test.each([
    [[decision('a0', 7)], [], /is not one of the look/],
    [[decision('a0', T0 + 40_000), decision('a0', T0 + 40_000)], [], /two decisions for app "a0"/],
    [[decision('a0', T0 + 40_000)], [proposal('a1', T0 + 40_000)], /has no decision in the look/],
    [[decision('nobody', T0 + 40_000)], [], /app "nobody"/],
  ])('refuses decisions that do not belong to it (%#)', async (decisions, proposals, message) => {
    await expect(look(T0 + 40_000, decisions as Decision[], { proposals: proposals as Proposal[] })).rejects.toThrow(message);
    expect(await fixture.store.decisions({ fromMs: T0 + 40_000, toMs: T0 + 40_000, limit: 1 })).toEqual([]);
  });
});

describe('decisions', () => {
  test('come back whole, newest first, narrowed by app, verdict and time', async () => {
    const at = T0 + 50_000;
    await look(at, [decision('a7', at), move('a8', at)]);
    await look(at + 1000, [decision('a7', at + 1000), hold('a8', at + 1000, 'fresh')]);
    const { store } = fixture;
    expect(await store.decisions({ app: 'a7', limit: 5 })).toEqual([decision('a7', at + 1000), decision('a7', at)]);
    expect(await store.decisions({ app: 'a8', verdict: 'move', limit: 5 })).toEqual([move('a8', at)]);
    expect(await store.decisions({ fromMs: at, toMs: at, limit: 1 })).toEqual([decision('a7', at)]);
    expect(await store.decisions({ app: 'nobody', limit: 5 })).toEqual([]);
    await expect(store.decisions({ verdict: 'dance', limit: 1 })).rejects.toThrow('no verdict "dance"');
  });

  test('that changed something are kept longer: moves, and a hold when it begins or changes its reason', async () => {
    const at = T0 + 60_000;
    await look(at, [hold('a10', at, 'trust'), decision('a11', at), move('a12', at)]);
    await look(at + 1000, [
      hold('a10', at + 1000, 'trust'),
      decision('a11', at + 1000),
      decision('a12', at + 1000, { verdict: 'recommend', reason: 'ok' }),
    ]);
    await look(at + 2000, [hold('a10', at + 2000, 'fresh'), decision('a11', at + 2000), decision('a12', at + 2000)]);
    await fixture.sql`delete from decision where look_ms >= ${at}`;
    const kept = await fixture.store.decisions({ fromMs: at, limit: 99 });
    expect(kept.map((d) => [d.app, d.lookMs - at, d.reason])).toEqual([
      ['a10', 2000, 'fresh'],
      ['a12', 1000, 'ok'],
      ['a10', 0, 'trust'],
      ['a12', 0, 'ok'],
    ]);
  });

  test('that recommend are kept when the verdict, the reason or a site changes, moves always', async () => {
    const at = T0 + 65_000;
    const recommend = (change: Partial<Decision> = {}) => ({ verdict: 'recommend', reason: 'mode', ...change }) as const;
    const each = [
      recommend(),
      recommend(),
      recommend({ gain: 0.25 }),
      recommend({ reason: 'trust' }),
      recommend({ reason: 'trust', to: 's2' }),
      recommend({ reason: 'trust', from: 's2', to: 's0' }),
      { verdict: 'stay', reason: 'sustained', from: 's2', to: 's0' } as const,
      recommend({ reason: 'trust', from: 's2', to: 's0' }),
      recommend({ reason: 'trust', from: 's2', to: 's0' }),
    ];
    for (const [i, change] of each.entries()) await look(at + i * 100, [decision('a13', at + i * 100, change), move('a14', at + i * 100)]);
    const keptOf = async (app: string) => {
      const rows = await fixture.sql<{ look_ms: number }[]>`
        select look_ms from decision_kept where look_ms >= ${at} and look_ms < ${at + 1000} and app = (select id from app where name = ${app}) order by 1`;
      return rows.map((r) => (r.look_ms - at) / 100);
    };
    expect(await keptOf('a13')).toEqual([0, 3, 4, 5, 7]);
    expect(await keptOf('a14')).toEqual(each.map((_, i) => i));
    const all = await fixture.store.decisions({ app: 'a13', fromMs: at, toMs: at + 1000, limit: 99 });
    expect(all.map((d) => (d.lookMs - at) / 100)).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0]);
    await fixture.sql`delete from decision where look_ms >= ${at} and look_ms < ${at + 600}`;
    const left = await fixture.store.decisions({ app: 'a13', fromMs: at, toMs: at + 1000, limit: 5 });
    expect(left.map((d) => (d.lookMs - at) / 100)).toEqual([8, 7, 6, 5, 4]);
  });

  test('of the past say what was wanted, newest first, without looks that were only recorded', async () => {
    const at = T0 + 70_000;
    await look(at, [decision('a20', at, { reason: 'cooldown', verdict: 'hold' }), decision('a21', at)]);
    await look(at + 1000, [move('a20', at + 1000)], { recordOnly: true });
    await look(at + 2000, [move('a20', at + 2000), hold('a21', at + 2000, 'fresh')]);
    expect(await fixture.store.pastDecisions(at + 3000, 2)).toEqual([
      { app: 'a20', lookMs: at + 2000, verdict: 'move', from: 's0', to: 's1', wanted: true },
      { app: 'a21', lookMs: at + 2000, verdict: 'hold', from: 's0', to: 's1', wanted: false },
      { app: 'a20', lookMs: at, verdict: 'hold', from: 's0', to: 's1', wanted: true },
      { app: 'a21', lookMs: at, verdict: 'stay', from: 's0', to: 's1', wanted: false },
    ]);
    expect(await fixture.store.pastDecisions(at + 2000, 1)).toMatchObject([{ lookMs: at }, { lookMs: at }]);
  });
});

test('proposals stay in the outbox until they are acknowledged or expire', async () => {
  const { store } = fixture;
  const at = T0 + 80_000;
  const apps = ['a30', 'a31', 'a32'];
  const proposals = [proposal('a30', at), proposal('a31', at), proposal('a32', at, at + 10)];
  await look(
    at,
    apps.map((app) => move(app, at)),
    { proposals },
  );
  const pending = async (nowMs: number) => (await store.pendingProposals(nowMs, 100)).filter((p) => apps.includes(p.app));
  expect(await pending(at + 5)).toEqual(proposals);
  expect(await pending(at + 10)).toEqual(proposals.slice(0, 2));
  await store.acknowledge([`a30-${at}`, 'never-heard-of']);
  await store.acknowledge([`a30-${at}`]);
  expect(await pending(at + 10)).toEqual([proposals[1]]);
  expect(await pending(at + 60_000)).toEqual([]);
});
