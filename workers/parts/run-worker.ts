import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';

import type { Meter } from '../../activities/meter.ts';
import { createActuateActivities, createComputeActivities, createControlActivities } from '../../activities/index.ts';
import { folderBlobs } from '../../connectors/blobs/folder.ts';
import { decodeFrame, encodeFrame } from '../../connectors/file/frame-parquet.ts';
import { keepPins } from '../../connectors/kubernetes/keep-pins.ts';
import { openIntake, takingIn } from '../../connectors/prometheus/intake.ts';
import { openInference } from '../../connectors/onnx/inference.ts';
import { trainInThread } from '../../connectors/onnx/train-thread.ts';
import { tryModel } from '../../connectors/onnx/trial.ts';
import type { Platform } from '../../connectors/ports.ts';
import { openStore } from '../../connectors/store/store.ts';
import type { Store } from '../../connectors/store/types.ts';
import { webhooks } from '../../connectors/webhook/webhooks.ts';
import { QUEUE } from '../../workflows/queues.ts';
import { clientOptions } from './client-options.ts';
import { connectedPlatform, type ConnectedPlatform } from './connected-platform.ts';
import { openMetrics } from './metrics/metrics.ts';
import { sdkMetrics } from './metrics/sdk-metrics.ts';
import { serveHealth, type Check } from './health.ts';
import { payloadLimit } from './payload-limit.ts';
import { readablePayloads } from './readable-payloads.ts';
import type { WorkerSettings } from './settings.ts';
import { Stops } from './stops.ts';

export type Role = keyof typeof QUEUE;

const GRACE = '10 seconds';

/** What the apps of this process run on. */
export type PlatformOf = (
  settings: WorkerSettings,
  store: Store,
) => Pick<Platform, 'cluster' | 'actuator'> & Partial<Pick<ConnectedPlatform, 'liftDeadPins' | 'close'>>;

/** Runs the workers of some roles in this process until SIGINT or SIGTERM; then drains and returns. */
export async function runWorkers(roles: readonly Role[], settings: WorkerSettings, platformOf: PlatformOf = connected): Promise<void> {
  const stops = new Stops();
  try {
    const sdk = settings.health && (await sdkMetrics());
    Runtime.install({
      logger: new DefaultLogger(settings.log.toUpperCase() as 'INFO'),
      shutdownSignals: ['SIGINT', 'SIGTERM'],
      ...(sdk && { telemetryOptions: { metrics: { prometheus: { bindAddress: sdk.bindAddress } } } }),
    });
    const workers = await createWorkers(roles, { settings, stops, platformOf, ...(sdk && { sdk: sdk.read }) });
    await Promise.all(workers.map((w) => w.run()));
  } finally {
    await stops.run();
  }
}

interface Given {
  readonly settings: WorkerSettings;
  readonly stops: Stops;
  readonly platformOf: PlatformOf;
  /** The metrics of the Temporal SDK. */
  readonly sdk?: () => Promise<string>;
}

async function createWorkers(roles: readonly Role[], given: Given): Promise<Worker[]> {
  const { settings, stops } = given;
  const connection = await NativeConnection.connect(settings.temporal);
  stops.add('Temporal connection', () => connection.close());
  const opened = await openStore({ url: settings.databaseUrl });
  stops.add('store', () => opened.close());
  const intake = openIntake({ store: opened, clock: () => Date.now(), environment: settings.secrets });
  stops.add('intake', () => intake.close());
  const store: Store = { ...opened, telemetry: takingIn(opened.telemetry, intake) };
  const metrics = openMetrics({
    clock: () => Date.now(),
    ...(roles.includes('control') && { store }),
    ...(given.sdk && { sdk: given.sdk }),
  });
  const workers: Worker[] = [];
  for (const role of roles)
    workers.push(
      await Worker.create({
        ...(await optionsOf(role, { ...given, store, meter: metrics.meter })),
        connection,
        namespace: settings.namespace,
      }),
    );
  if (settings.health) {
    const health = await serveHealth(settings.health, checksOf(workers, store), metrics.text);
    stops.add('health', health.close);
    console.error(`health: ${health.url}/readyz`);
  }
  return workers;
}

interface With extends Given {
  readonly store: Store;
  readonly meter: Meter;
}

/** One role, one queue, its own activities: what a worker does not hold it cannot do. */
async function optionsOf(role: Role, { settings, store, meter, stops, platformOf }: With): Promise<WorkerOptions> {
  const common = {
    taskQueue: QUEUE[role],
    shutdownGraceTime: GRACE,
    // Unasked, a heartbeat waits until four fifths of its time-out are over, and a busy moment more is taken for death.
    maxHeartbeatThrottleInterval: '1500 milliseconds',
    dataConverter: { payloadCodecs: [readablePayloads] },
    interceptors: { activity: [() => ({ inbound: payloadLimit })] },
  } satisfies WorkerOptions;
  const clock = () => Date.now();
  const blobs = folderBlobs(settings.blobs);
  const frames = { encode: encodeFrame, decode: decodeFrame };
  switch (role) {
    case 'control': {
      const client = await connectClient(settings, stops);
      return {
        ...common,
        workflowBundle: { codePath: settings.workflowBundle ?? fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url)) },
        activities: createControlActivities({
          store,
          clock,
          client,
          cluster: platformOf(settings, store).cluster,
          blobs,
          frames,
          notifier: webhooks({ environment: settings.secrets, clock }),
          meter,
          shardSize: settings.shardApps,
        }),
        maxCachedWorkflows: 500,
        // A restarted worker picks up its workflows after 2 s instead of 10.
        stickyQueueScheduleToStartTimeout: '2 seconds',
      };
    }
    case 'compute': {
      const inference = openInference({ blobs, threads: 2, cacheBytes: 512 * 2 ** 20 });
      stops.add('inference', () => inference.close());
      return {
        ...common,
        activities: createComputeActivities({ store, clock, blobs, frames, inference, tryModel, train: trainInThread }),
        maxConcurrentActivityTaskExecutions: 4,
      };
    }
    case 'actuate': {
      const platform = platformOf(settings, store);
      const { liftDeadPins } = platform;
      if (liftDeadPins) {
        const keeper = keepPins(() => liftDeadPins(settings.allowedApps), say);
        stops.add('pins', async () => keeper.stop());
      }
      return {
        ...common,
        activities: createActuateActivities({
          store,
          clock,
          actuator: platform.actuator,
          ...(settings.allowedApps && { allowed: settings.allowedApps }),
        }),
      };
    }
  }
}

const say = (message: string, facts: object) => console.error(`${message}: ${JSON.stringify(facts)}`);

const connected: PlatformOf = (settings, store) => connectedPlatform({ ...settings, store });

async function connectClient(settings: WorkerSettings, stops: Stops): Promise<Client> {
  const connection = await Connection.connect({ ...clientOptions(settings.temporal), connectTimeout: '10 seconds' });
  stops.add('Temporal client', () => connection.close());
  return new Client({ connection, namespace: settings.namespace });
}

function checksOf(workers: readonly Worker[], store: Store): Check[] {
  return [
    ...workers.map((worker) => ({
      name: `worker ${worker.options.taskQueue}`,
      check: async () => {
        const { runState } = worker.getStatus();
        await Promise.resolve();
        if (runState !== 'RUNNING') throw new Error(`is ${runState}`);
      },
    })),
    { name: 'database', check: async () => void (await store.health()) },
  ];
}
