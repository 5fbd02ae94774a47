import { expect, test } from 'vitest';
import type { EvidenceRow, PredictionRow } from '../../../domain/records.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore(sampleConfig({ apps: 4, sites: 2 }));
const HORIZON = 30_000;
const learned: EvidenceRow = { key: 'a0', version: 1, app: 'a0', site: 's0', samples: 40, newestMs: T0 - 1, error: 0.1, coverage: 0.8 };

const prediction = (app: string, more: Partial<PredictionRow> = {}): PredictionRow => ({
  app,
  predictor: 'model',
  modelKey: 'a0',
  modelVersion: 1,
  sites: ['s0', 's1'],
  q: Float32Array.of(0.4, 0.5, 0.6, 0.4, 0.5, 0.6),
  rule: new Float32Array(2),
  ageS: new Float32Array(2),
  appAgeS: 0,
  complete: Float32Array.of(1, 1),
  appComplete: 1,
  horizonMs: HORIZON,
  ...more,
});

/** Each app is on s0, with a p99 that its score follows from. */
async function looked(lookMs: number, predictions: PredictionRow[], p99: number): Promise<void> {
  const { store } = fixture;
  await store.openLook({ lookMs, configVersion: 1, openedMs: lookMs, recordOnly: false });
  await store.writePredictions(lookMs, predictions);
  await store.writeDecisions(lookMs, [], [], lookMs + 1);
  const apps = predictions.map(({ app }) => ({ app, placed: 's0', values: { kpi_p99_ms: p99 } }));
  await store.appendScrape({ atMs: lookMs + HORIZON, sites: [], apps });
  await store.joinOutcomes(lookMs + HORIZON + 1000);
}
const rows = async (app: string) =>
  (await fixture.store.adaptations([app])).map(({ site, samples, live, low, high }) => ({ site, samples, live, low, high }));

test('an outcome counts once, for the model that had said so, on the site where the app was; a rule learns nothing', async () => {
  await fixture.store.saveEvidence([learned]);
  await looked(T0, [prediction('a0'), prediction('a1', { predictor: 'rule' })], 110);
  const once = [{ site: 's0', samples: 41, live: 1, low: expect.closeTo(0.018), high: expect.closeTo(-0.002) }];
  expect(await rows('a0')).toEqual(once);
  await fixture.store.joinOutcomes(T0 + HORIZON + 2000);
  expect(await rows('a0')).toEqual(once);
  expect(await rows('a1')).toEqual([]);
});

test('an app that borrows a model begins with the evidence of the app it was trained on, and goes on by itself', async () => {
  await looked(T0 + 100_000, [prediction('a2'), prediction('a3', { modelKey: 'other' })], 110);
  expect(await rows('a2')).toEqual([{ site: 's0', samples: 42, live: 1, low: expect.closeTo(0.018), high: expect.closeTo(-0.002) }]);
  expect(await rows('a3')).toEqual([{ site: 's0', samples: 1, live: 1, low: expect.closeTo(0.018), high: expect.closeTo(-0.002) }]);
  expect((await rows('a0'))[0]).toMatchObject({ samples: 41 });
});
