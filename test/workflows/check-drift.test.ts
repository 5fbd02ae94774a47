import { expect, test } from 'vitest';

import { encodeFrame } from '../../connectors/file/frame-parquet.ts';
import { openInference } from '../../connectors/onnx/inference.ts';
import { tryModel } from '../../connectors/onnx/trial.ts';
import { configSchema } from '../../domain/config.ts';
import type { Profile } from '../../learning/profile.ts';
import { trainCounterfactual } from '../../learning/train.ts';
import type { DriftSummary } from '../../workflows/check-drift.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { latencyObjective, neighbourProfile } from '../learning/neighbour.ts';
import { withWorld } from './environment.ts';

const config = configSchema.parse({
  version: 1,
  sites: { 'site-0': {}, 'site-1': {} },
  objectives: { snappy: latencyObjective },
  policies: { plain: { horizon: 4 } },
  apps: Object.fromEntries(['web', 'calm'].map((app) => [app, { objective: 'snappy', policy: 'plain' }])),
  telemetry: { step: '500ms', window: '20s' },
  profile: { visit: '10s' },
  schedules: { look: { every: '1s' } },
});
const world = withWorld(config, {}, (blobs) => ({
  inference: openInference({ blobs, threads: 1, cacheBytes: 64 * 2 ** 20 }),
  tryModel,
  train: async (input, hooks) => trainCounterfactual({ ...input, ...hooks }),
}));

const HORIZON_MS = 3 * 1400;
/** Stretches are whole half minutes of the clock: there must be three before any moment at which this may come to look. */
const SPAN_MS = 210_000;
const EVERY_MS = 1400;
let beginMs = 0;

/** A champion that has served since before the stretch, from a profile of an hour earlier. */
async function served(app: string): Promise<void> {
  const { frame, visits } = neighbourProfile({ seed: 1, visits: 6, visitS: 10 });
  const ms = beginMs - 3_600_000 - frame.grid.startMs;
  const then = { ...frame, grid: { ...frame.grid, startMs: frame.grid.startMs + ms }, app: { ...frame.app, app } };
  const sha256 = await world.blobs.put(encodeFrame(then));
  const profile: Profile = {
    app,
    sites: ['site-0', 'site-1'],
    stepS: 0.5,
    load: 20,
    objectiveDigest: 'x',
    visits: visits.map((v) => ({ ...v, fromMs: v.fromMs + ms, toMs: v.toMs + ms })),
    frames: [sha256],
  };
  await world.store.saveProfile({ id: `profile-of-${app}`, app, createdMs: beginMs, profile });
  const input = {
    app,
    frames: [then],
    visits: profile.visits,
    objective: latencyObjective,
    facts: {},
    horizonS: 4,
    seed: 1,
    data: [sha256],
  };
  const { onnx, contract, contractDigest, servedBy, report, heldOut } = trainCounterfactual(input);
  const made = { contract, contractDigest, servedBy, report, key: app, profileId: `profile-of-${app}`, createdMs: beginMs };
  const held = await world.blobs.put(new TextEncoder().encode(JSON.stringify(heldOut)));
  await world.store.addModel({ ...made, onnxSha256: await world.blobs.put(onnx), heldOutSha256: held });
  await world.store.setAlias({ key: app, alias: 'champion', version: 1, by: 'x', why: 'x', atMs: beginMs });
}

/** Telemetry and looks, some of them still to come: the latency of `web` is 60 ms and not the 12 ms that are predicted, and its load is ten times what it was. */
async function lived(): Promise<void> {
  const { store } = world;
  for (let k = 0; k < SPAN_MS / EVERY_MS; k++) {
    const values = { cpu_cores: 0.3 + 0.01 * (k % 3), probe_ratio: 1.9 };
    const app = (name: string, latency: number, load: number) => ({
      app: name,
      placed: 'site-0',
      values: { load: load + (k % 2), app_cpu_cores: 0.006 * load, kpi_latency_ms: latency },
    });
    const sites = ['site-0', 'site-1'].map((site) => ({ site, values }));
    await store.appendScrape({ atMs: beginMs + EVERY_MS * k, sites, apps: [app('web', 60, 200), app('calm', 12, 20)] });
  }
  for (let lookMs = beginMs + EVERY_MS; lookMs < beginMs + SPAN_MS - HORIZON_MS; lookMs += EVERY_MS) {
    await store.openLook({ lookMs, configVersion: 1, openedMs: lookMs, recordOnly: false });
    await store.writePredictions(lookMs, ['web', 'calm'].map(said));
    await store.writeDecisions(lookMs, [], [], lookMs + 1);
  }
  while ((await store.joinOutcomes(beginMs + SPAN_MS)) > 0);
}
const said = (app: string) => ({
  app,
  predictor: 'model' as const,
  modelKey: app,
  modelVersion: 1,
  sites: ['site-0', 'site-1'],
  q: Float32Array.of(0.85, 0.92, 1, 0.85, 0.92, 1),
  rule: new Float32Array(2),
  ageS: new Float32Array(2),
  appAgeS: 0,
  complete: Float32Array.of(1, 1),
  appComplete: 1,
  horizonMs: HORIZON_MS,
});
const check = () =>
  world.client.workflow.execute<() => Promise<DriftSummary>>('checkDrift', { workflowId: workflowIds.drift, taskQueue: QUEUE.control });

test('what is predicted and what is read drift: people are told once, and one training learns from what was seen since', async () => {
  expect(await check()).toEqual({ models: 2, drifted: [], trained: [] });
  beginMs = Date.now() - 125_000;
  await served('web');
  await served('calm');
  await lived();
  const first = await check();
  expect(first).toMatchObject({ models: 2, trained: ['web'] });
  expect(first.drifted).toEqual([
    expect.stringMatching(/^web version 1: of web its error in score is 0\.[67]\d\d, it was 0\.\d{3} on visits/),
  ]);
  const training = world.client.workflow.getHandle(workflowIds.train('web'));
  expect(await training.result()).toMatchObject({ app: 'web', version: 2 });
  expect((await world.store.latestProfile('web'))?.profile).toMatchObject({ frames: { length: 2 } });
  const drifts = await world.store.drifts();
  expect(drifts.map(({ app, kind, name, windows }) => [app, kind, name, windows])).toEqual(
    expect.arrayContaining([
      ['web', 'error', 'error', 3],
      ['web', 'input', 'load', 3],
    ]),
  );
  expect(drifts.some((d) => d.app === 'calm')).toBe(false);
  const again = await check();
  expect(again.trained).toEqual([]);
  const told = (await world.store.dueNotices('anybody', Date.now() + 1000, 10)).filter((n) => n.notice.kind === 'drift');
  expect(told).toMatchObject([{ notice: { app: 'web', data: { key: 'web', version: 1, what: 'error' } } }]);
});
