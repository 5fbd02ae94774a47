import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';

import {
  createActuateActivities,
  createComputeActivities,
  createControlActivities,
  type ComputeActivities,
} from '../../activities/index.ts';
import type { ComputeDeps } from '../../activities/deps.ts';
import { folderBlobs } from '../../connectors/blobs/folder.ts';
import { decodeFrame, encodeFrame } from '../../connectors/file/frame-parquet.ts';
import type { Blobs } from '../../connectors/ports.ts';
import { openStore } from '../../connectors/store/store.ts';
import type { Store } from '../../connectors/store/types.ts';
import { webhooks } from '../../connectors/webhook/webhooks.ts';
import type { Config } from '../../domain/config.ts';
import { payloadLimit } from '../../workers/parts/payload-limit.ts';
import { readablePayloads } from '../../workers/parts/readable-payloads.ts';
import { QUEUE } from '../../workflows/queues.ts';
import { testDatabase, workflowBundlePath } from '../setup/servers.ts';
import { freshNamespace, type FreshNamespace } from './fresh-namespace.ts';
import { quietRuntime } from './quiet-runtime.ts';
import { replayEverything } from './replay-everything.ts';
import { memoryPlatform, type MemoryPlatform } from './memory-platform.ts';
import { testConfig } from './test-config.ts';
import { feedTelemetry, type Feeder } from './telemetry-feeder.ts';

/** Everything a workflow needs, real but for the cluster, whose faults a test switches. */
export interface World extends FreshNamespace {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly config: Config;
  readonly platform: MemoryPlatform;
  readonly feeder: Feeder;
  /** Ends the workers as a stop of the process would, and starts new ones. */
  stopWorkers(): Promise<void>;
  startWorkers(): Promise<void>;
}

/** The world of one test file; each test takes an app of its own (`a0`, `a1`, ... at home on `s0`). */
export function withWorld(config: Config = testConfig(), compute: Partial<ComputeActivities> = {}, learning: Learning = () => ({})): World {
  const world = {} as World;
  const stops: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    Object.assign(world, await openWorld({ config, compute, learning }, stops));
  });
  afterAll(async () => {
    try {
      await world.stopWorkers?.();
      if (world.client) await replayEverything(world.client, await workflowBundlePath());
    } finally {
      for (const stop of stops.reverse()) await stop();
    }
  });
  return world;
}

async function openWorld(
  { config, compute, learning }: { config: Config; compute: Partial<ComputeActivities>; learning: Learning },
  stops: (() => Promise<unknown>)[],
): Promise<World> {
  const database = await testDatabase();
  stops.push(database.drop);
  const store = await openStore({ url: database.url });
  stops.push(() => store.close());
  await store.applyConfig(config, 'test', Date.now());
  const place = await freshNamespace();
  stops.push(place.close);
  const dir = await mkdtemp(join(tmpdir(), 'berth-workflows-'));
  stops.push(() => rm(dir, { recursive: true, force: true }));
  const sites = Object.keys(config.sites);
  const platform = memoryPlatform({ sites, apps: Object.fromEntries(Object.keys(config.apps).map((app) => [app, sites[0] ?? ''])) });
  const feeder = feedTelemetry(store, config, platform);
  stops.push(() => feeder.stop());
  const workers = await workersOf({ ...place, store, platform, blobs: dir, compute, learning });
  stops.push(() => workers.close());
  await workers.start();
  return { ...place, store, blobs: folderBlobs(dir), config, platform, feeder, stopWorkers: workers.stop, startWorkers: workers.start };
}

interface WorkerParts extends FreshNamespace {
  readonly store: Store;
  readonly platform: MemoryPlatform;
  readonly blobs: string;
  /** Instead of the real ones, where a test needs only their answers. */
  readonly compute: Partial<ComputeActivities>;
  readonly learning: Learning;
}

/** What trains and runs models, where a test wants it; else a workflow that needs them fails. */
export type Learning = (blobs: Blobs) => Partial<Pick<ComputeDeps, 'train' | 'tryModel' | 'inference'>>;

const absent = async () => {
  throw new Error('there is no model in this world');
};

async function workersOf({ address, namespace, client, store, platform, blobs: dir, compute, learning }: WorkerParts) {
  quietRuntime();
  const connection = await NativeConnection.connect({ address });
  const clock = () => Date.now();
  const blobs = folderBlobs(dir);
  const inference: ComputeDeps['inference'] = { predict: absent, close: async () => undefined };
  const common = {
    connection,
    namespace,
    dataConverter: { payloadCodecs: [readablePayloads] },
    interceptors: { activity: [() => ({ inbound: payloadLimit })] },
    shutdownGraceTime: '2 seconds',
  } satisfies Partial<WorkerOptions>;
  const codePath = await workflowBundlePath();
  const options: WorkerOptions[] = [
    {
      ...common,
      taskQueue: QUEUE.control,
      workflowBundle: { codePath },
      stickyQueueScheduleToStartTimeout: '2 seconds',
      activities: createControlActivities({
        store,
        clock,
        client,
        cluster: platform.cluster,
        blobs,
        frames: { encode: encodeFrame, decode: decodeFrame },
        notifier: webhooks({ environment: {}, clock }),
        shardSize: 100,
      }),
    },
    {
      ...common,
      taskQueue: QUEUE.compute,
      activities: {
        ...createComputeActivities({
          store,
          clock,
          blobs,
          frames: { encode: encodeFrame, decode: decodeFrame },
          inference,
          tryModel: absent,
          train: absent,
          ...learning(blobs),
        }),
        ...compute,
      },
    },
    { ...common, taskQueue: QUEUE.actuate, activities: createActuateActivities({ store, clock, actuator: platform.actuator }) },
  ];
  let running: { worker: Worker; ended: Promise<void> }[] = [];
  const stop = async () => {
    const ending = running;
    running = [];
    for (const { worker } of ending) worker.shutdown();
    await Promise.all(ending.map(({ ended }) => ended));
  };
  const start = async () => {
    for (const one of options) {
      const worker = await Worker.create(one);
      running.push({ worker, ended: worker.run() });
    }
  };
  const close = async () => {
    await stop();
    await connection.close();
  };
  return { start, stop, close };
}
