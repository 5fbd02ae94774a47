import { expect, test } from 'vitest';

import { encodeFrame } from '../../connectors/file/frame-parquet.ts';
import { openInference } from '../../connectors/onnx/inference.ts';
import { tryModel } from '../../connectors/onnx/trial.ts';
import { configSchema } from '../../domain/config.ts';
import type { TrainInput as LearnInput } from '../../learning/train.ts';
import { trainCounterfactual } from '../../learning/train.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import type { TrainInput, TrainResult } from '../../workflows/train-model.ts';
import { latencyObjective, neighbourProfile } from '../learning/neighbour.ts';
import { withWorld } from './environment.ts';

const config = configSchema.parse({
  version: 1,
  sites: { 'site-0': {}, 'site-1': {} },
  objectives: { snappy: latencyObjective },
  policies: { plain: { horizon: 4 } },
  apps: Object.fromEntries(['web', 'killed', 'late', 'busy'].map((app) => [app, { objective: 'snappy', policy: 'plain' }])),
  telemetry: { step: '500ms', window: '20s' },
});

/** What the trainer was asked, and how its next attempts are to end. */
const asked: Pick<LearnInput, 'app' | 'resume'>[] = [];
let killsLeft = 0;

const world = withWorld(config, {}, (blobs) => ({
  inference: openInference({ blobs, threads: 1, cacheBytes: 64 * 2 ** 20 }),
  tryModel,
  train: async (input, { onProgress, onState }) => {
    asked.push({ app: input.app, ...(input.resume && { resume: input.resume }) });
    let folds = 0;
    const kill = killsLeft > 0;
    if (kill) killsLeft--;
    return trainCounterfactual({
      ...input,
      onProgress,
      onState: (state) => {
        onState(state);
        if (kill && ++folds === 2) throw new Error('the worker is killed');
      },
    });
  },
}));

async function profiled(app: string, seeds: readonly number[]): Promise<void> {
  const parts = seeds.map((seed, i) => shifted(neighbourProfile({ seed, visits: 6, visitS: 10 }), i * 3_600_000));
  const frames = [];
  for (const { frame } of parts) frames.push(await world.blobs.put(encodeFrame({ ...frame, app: { ...frame.app, app } })));
  await world.store.saveProfile({
    id: `profile-of-${app}-${seeds.join('-')}`,
    app,
    createdMs: seeds.length,
    profile: {
      app,
      sites: ['site-0', 'site-1'],
      stepS: 0.5,
      load: 20,
      objectiveDigest: 'x',
      visits: parts.flatMap((p) => p.visits),
      frames,
    },
  });
}
function shifted({ frame, visits }: ReturnType<typeof neighbourProfile>, ms: number) {
  return {
    frame: { ...frame, grid: { ...frame.grid, startMs: frame.grid.startMs + ms } },
    visits: visits.map((v) => ({ ...v, fromMs: v.fromMs + ms, toMs: v.toMs + ms })),
  };
}
const train = (app: string, more: Partial<TrainInput> = {}) =>
  world.client.workflow.execute<(input: TrainInput) => Promise<TrainResult>>('trainModel', {
    workflowId: workflowIds.train(app),
    taskQueue: QUEUE.control,
    args: [{ app, profile: false, ...more }],
  });

test('the first version serves; the same profile again gains nothing and is kept; it is told what learned from what', async () => {
  await profiled('web', [1]);
  const first = await train('web');
  expect(first).toMatchObject({ version: 1, servedBy: 'model', promoted: true });
  expect(first.verdict).toMatch(/less, in 95 of 100 resamples at least .*; nothing served before it$/);
  const again = await train('web');
  expect(again).toMatchObject({ version: 1, promoted: true, verdict: 'it already serves' });
  const other = await train('web', { seed: 2 });
  expect(other).toMatchObject({ version: 2, promoted: false });
  expect(other.verdict).toMatch(/^on \d+ rows of 6 visits that neither had seen its error in score is .*, that of the champion /);
  const onceMs = Date.now();
  // With more to learn from: the champion has never seen the second half, and is asked about it.
  await profiled('web', [1, 5]);
  const more = await train('web');
  expect(more.version).toBe(3);
  expect(more.verdict).toMatch(/^on \d+ rows of (1[0-2]) visits that neither had seen/);
  const served = await world.store.servedAt('web', onceMs);
  expect(served).toMatchObject({ model: { profileId: 'profile-of-web-1' }, change: { by: 'berth' } });
});

test('a training whose worker is lost goes on behind the last fold it had finished, and gives the same model', async () => {
  await profiled('killed', [3]);
  killsLeft = 1;
  expect(await train('killed')).toMatchObject({ version: 1, promoted: true });
  const attempts = asked.filter((a) => a.app === 'killed');
  expect(attempts.map((a) => a.resume?.folds)).toEqual([undefined, 2]);
  await profiled('late', [3]);
  await train('late');
  const [a, b] = [await world.store.model('killed', 1), await world.store.model('late', 1)];
  expect(a?.onnxSha256.length).toBe(64);
  expect((a?.report as { candidates: unknown }).candidates).toEqual((b?.report as { candidates: unknown }).candidates);
});

test('a training waits while another one holds the lock', async () => {
  await profiled('busy', [4]);
  await world.store.holdTraining({ holder: 'someone', nowMs: Date.now(), staleMs: 1 });
  const waiting = train('busy');
  await world.store.holdTraining({ holder: 'someone', nowMs: Date.now(), staleMs: 1 });
  expect(asked.some((a) => a.app === 'busy')).toBe(false);
  await world.store.releaseTraining('someone');
  expect(await waiting).toMatchObject({ version: 1, promoted: true });
});

test('a version that was rolled back does not come back by itself, and one whose objective has changed is refused by name', async () => {
  await world.store.setAlias({ key: 'late', alias: 'champion', version: 1, by: 'x', why: 'x', atMs: Date.now() });
  const other = await train('late', { seed: 9 });
  await world.store.setAlias({ key: 'late', alias: 'champion', version: other.version, by: 'x', why: 'x', atMs: Date.now() });
  await world.client.workflow.execute('rollbackModel', {
    workflowId: workflowIds.rollback('late'),
    taskQueue: QUEUE.control,
    args: [{ key: 'late', by: 'ann', reason: 'it was slow' }],
  });
  expect(await train('late', { seed: 9 })).toMatchObject({ promoted: false, verdict: 'it was turned down by ann: it was slow' });
  await world.store.applyConfig(
    configSchema.parse({ ...config, objectives: { snappy: { ...latencyObjective, kpis: [{ ...latencyObjective.kpis[0], worst: 90 }] } } }),
    'test',
    Date.now(),
  );
  const promote = (version: number) =>
    world.client.workflow.execute('promoteModel', {
      workflowId: workflowIds.promote('late', version),
      taskQueue: QUEUE.control,
      args: [{ key: 'late', version }],
    });
  expect(await promote(1)).toMatchObject({
    promoted: false,
    why: expect.stringMatching(/the model learned objective [0-9a-f]+, in force is [0-9a-f]+/),
  });
});
