import { expect, test } from 'vitest';
import type { PredictionRow } from '../../../domain/records.ts';
import { TOO_LATE_MS } from '../../../connectors/store/outcomes.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore(sampleConfig({ apps: 6, sites: 2 }));
const HORIZON = 30_000;

/** s1 stands first: a row's sites need not be in the order of the configuration. */
function prediction(app: string, q = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], horizonMs = HORIZON): PredictionRow {
  return {
    app,
    predictor: 'model',
    sites: ['s1', 's0'],
    q: Float32Array.from(q),
    rule: new Float32Array(2),
    ageS: new Float32Array(2),
    appAgeS: 0,
    complete: Float32Array.of(1, 1),
    appComplete: 1,
    horizonMs,
  };
}

async function decidedLook(lookMs: number, predictions: PredictionRow[], recordOnly = false): Promise<void> {
  await fixture.store.openLook({ lookMs, configVersion: 1, openedMs: lookMs, recordOnly });
  await fixture.store.writePredictions(lookMs, predictions);
  await fixture.store.writeDecisions(lookMs, [], [], lookMs + 1);
}

const sample = (atMs: number, app: string, placed: string | undefined, p99: number | undefined) =>
  fixture.store.appendScrape({
    atMs,
    sites: [],
    apps: [{ app, ...(placed !== undefined && { placed }), values: p99 === undefined ? { load: 1 } : { kpi_p99_ms: p99 } }],
  });
const outcomes = (lookMs: number) => fixture.store.outcomes({ fromMs: lookMs, toMs: lookMs });

test('a prediction is joined once with the mean observed around its time, on the site where the app was', async () => {
  const lookMs = T0;
  const target = lookMs + HORIZON;
  await decidedLook(lookMs, [prediction('a0')]);
  await sample(target - 1000, 'a0', 's0', 900);
  await sample(target - 500, 'a0', 's0', 20);
  await sample(target + 1000, 'a0', 's0', 40);
  await sample(target + 1001, 'a0', 's0', 900);
  expect(await fixture.store.joinOutcomes(target + 999)).toBe(0);
  expect(await fixture.store.joinOutcomes(target + 1000)).toBe(1);
  expect(await fixture.store.joinOutcomes(target + 5000)).toBe(0);
  const [row, ...others] = await outcomes(lookMs);
  expect(others).toEqual([]);
  expect(row).toEqual({
    app: 'a0',
    site: 's0',
    lookMs,
    targetMs: target,
    p10: Math.fround(0.4),
    p50: 0.5,
    p90: Math.fround(0.6),
    actual: expect.closeTo(0.8, 12),
    predictor: 'model',
  });
  expect(await fixture.store.outcomes({ app: 'a1', fromMs: 0, toMs: target })).toEqual([]);
  expect(await fixture.store.outcomes({ app: 'nobody', fromMs: 0, toMs: target })).toEqual([]);
});

test('what cannot be told stays open until it is too late, and a late sample still counts before that', async () => {
  const lookMs = T0 + 100_000;
  const target = lookMs + HORIZON;
  await decidedLook(
    lookMs,
    ['a0', 'a1', 'a2', 'a3', 'a4', 'a5'].map((app) => prediction(app, app === 'a3' ? [0, 0, 0, NaN, NaN, NaN] : undefined)),
  );
  await sample(target, 'a1', undefined, 20);
  await sample(target, 'a2', 's0', undefined);
  await sample(target, 'a3', 's0', 20);
  await sample(target - 100, 'a4', 's0', 20);
  await sample(target + 100, 'a4', 's1', 20);
  expect(await fixture.store.joinOutcomes(target + 5000)).toBe(0);
  await sample(target, 'a5', 's1', 110);
  expect(await fixture.store.joinOutcomes(target + TOO_LATE_MS)).toBe(1);
  expect(await outcomes(lookMs)).toMatchObject([{ app: 'a5', site: 's1', p50: Math.fround(0.2), actual: 0 }]);
  expect(await fixture.store.joinOutcomes(target + TOO_LATE_MS + 1)).toBe(0);
  await sample(target, 'a0', 's0', 20);
  expect(await fixture.store.joinOutcomes(target + TOO_LATE_MS + 2)).toBe(0);
});

test('each prediction of a look waits for its own horizon', async () => {
  const lookMs = T0 + 200_000;
  await decidedLook(lookMs, [prediction('a0', undefined, 10_000), prediction('a1', undefined, 20_000)]);
  await sample(lookMs + 10_000, 'a0', 's0', 10);
  await sample(lookMs + 20_000, 'a1', 's1', 10);
  expect(await fixture.store.joinOutcomes(lookMs + 15_000)).toBe(1);
  expect(await fixture.store.joinOutcomes(lookMs + 25_000)).toBe(1);
  expect((await outcomes(lookMs)).map((o) => [o.app, o.site, o.targetMs - lookMs])).toEqual([
    ['a0', 's0', 10_000],
    ['a1', 's1', 20_000],
  ]);
});

test('looks that were only recorded are kept apart', async () => {
  const lookMs = T0 + 300_000;
  await decidedLook(lookMs, [prediction('a0')], true);
  await sample(lookMs + HORIZON, 'a0', 's0', 20);
  expect(await fixture.store.joinOutcomes(lookMs + 2 * HORIZON)).toBe(0);
});

const isJoined = async (lookMs: number) =>
  (await fixture.sql<{ joined: boolean }[]>`select joined from look where look_ms = ${lookMs}`)[0]?.joined;

test('what the plain rule predicted is joined with what it said of the site where the app was', async () => {
  const lookMs = T0 + 400_000;
  const unknown = new Array<number>(6).fill(NaN);
  await decidedLook(lookMs, [{ ...prediction('a0', unknown), predictor: 'rule', rule: Float32Array.of(0.25, 0.75) }]);
  await sample(lookMs + HORIZON, 'a0', 's0', 20);
  expect(await fixture.store.joinOutcomes(lookMs + 2 * HORIZON)).toBe(1);
  expect(await outcomes(lookMs)).toMatchObject([{ app: 'a0', site: 's0', p10: 0.75, p50: 0.75, p90: 0.75, predictor: 'rule' }]);
});

test('a look whose open predictions have nothing to compare is settled at once, and no look waits for them', async () => {
  const lookMs = T0 + 500_000;
  const unknown = new Array<number>(6).fill(NaN);
  const none = { ...prediction('a0', unknown, 5 * HORIZON), predictor: 'none' as const };
  const rule = { ...prediction('a1', unknown), predictor: 'rule' as const, rule: Float32Array.of(NaN, NaN) };
  await decidedLook(lookMs, [none, rule, prediction('a2', unknown), prediction('a3', [0, 0, 0, NaN, NaN, NaN])]);
  await sample(lookMs + HORIZON, 'a3', 's0', 20);
  expect(await fixture.store.joinOutcomes(lookMs + HORIZON)).toBe(0);
  expect(await isJoined(lookMs)).toBe(false);
  expect(await fixture.store.joinOutcomes(lookMs + HORIZON + 1000)).toBe(0);
  expect(await isJoined(lookMs)).toBe(true);
  expect(await outcomes(lookMs)).toEqual([]);
});

test('beside an app that is silent, what is settled is settled once', async () => {
  const lookMs = T0 + 600_000;
  await decidedLook(lookMs, [prediction('a0'), prediction('a1', new Array<number>(6).fill(NaN))]);
  const settled = () => fixture.sql`select app from outcome where look_ms = ${lookMs}`;
  for (const laterMs of [1000, 2000]) {
    await fixture.store.joinOutcomes(lookMs + HORIZON + laterMs);
    expect([await isJoined(lookMs), (await settled()).length]).toEqual([false, 1]);
  }
  await sample(lookMs + HORIZON, 'a0', 's0', 20);
  expect(await fixture.store.joinOutcomes(lookMs + HORIZON + 3000)).toBe(1);
  expect(await isJoined(lookMs)).toBe(true);
  expect((await outcomes(lookMs)).map((o) => o.app)).toEqual(['a0']);
});

test('a look of long ago that was never joined is settled', async () => {
  const lookMs = T0 - 60 * 86_400_000;
  await decidedLook(lookMs, [prediction('a0')]);
  expect(await fixture.store.joinOutcomes(T0)).toBe(0);
  expect(await isJoined(lookMs)).toBe(true);
});
