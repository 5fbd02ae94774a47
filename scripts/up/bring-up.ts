import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Client, Connection, type ConnectionOptions } from '@temporalio/client';

import { localPlatform, type LocalPlatform } from '../../connectors/local/platform.ts';
import { openStore } from '../../connectors/store/store.ts';
import type { Store } from '../../connectors/store/types.ts';
import { freePort } from '../../connectors/http/free-port.ts';
import { ownIdentity } from '../platform/lock.ts';
import { Stops } from '../../workers/parts/stops.ts';
import { built } from './built.ts';
import { removeEndpoints, writeEndpoints, type Endpoints } from './endpoints.ts';
import { keepUp, type Kept } from './keep-up.ts';
import { lowerPriority } from './lower-priority.ts';
import { ownCluster, ownPostgres, ownTemporal, type TemporalAt } from './servers.ts';
import { supervise, type Supervised } from './supervise.ts';

export interface UpOptions {
  /** Everything that is made lies here, 0700. */
  readonly dir: string;
  /** Servers that the user has named; absent: our own, whatever the environment says. */
  readonly temporal?: { readonly address: string; readonly namespace: string };
  /** What the workers need beside the address to reach that Temporal: TEMPORAL_* variables. */
  readonly temporalEnvironment?: Readonly<Record<string, string>>;
  /** How the commands reach it; absent: by its address alone. */
  readonly temporalConnection?: ConnectionOptions;
  readonly database?: string;
  /** Our own servers end when this process does, even by kill -9. */
  readonly dieWithParent?: boolean;
  /** false: without the cluster on this machine, because every app runs elsewhere. */
  readonly localCluster?: false;
  /** The longest pause before workers that have ended are started again. */
  readonly longestPauseMs?: number;
  readonly say: (line: string) => void;
}

/** A platform that runs: its servers, its workers, its local cluster. */
export interface Up {
  readonly endpoints: Endpoints;
  readonly store: Store;
  readonly client: Client;
  readonly platform: LocalPlatform;
  readonly workers: Supervised;
  /** Puts the servers and workers that were started here behind the apps of the local cluster, if they share its cores. */
  stepBack(): Promise<void>;
  /** Stops what was started here, newest first; servers of others are left alone. */
  stop(): Promise<void>;
}

/** Brings up Temporal, Postgres, the local cluster and the workers, or adopts those that already run from `dir`. */
export async function bringUp(options: UpOptions): Promise<Up> {
  const stops = new Stops();
  try {
    return await start(options, stops);
  } catch (error) {
    await stops.run();
    throw error;
  }
}

async function start(options: UpOptions, stops: Stops): Promise<Up> {
  const { dir, say } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const servers = { dir, say, dieWithParent: options.dieWithParent ?? false };
  const kept: Kept[] = [];
  const [temporal, databaseUrl]: [TemporalAt, string] = await Promise.all([
    options.temporal ?? ownTemporal(servers, stops).then(({ at, kept: one }) => (kept.push(one), at)),
    options.database ?? ownPostgres(servers, stops).then(({ url, kept: one }) => (kept.push(one), url)),
  ]);
  if (options.temporal) say(`Temporal: ${temporal.address}, namespace ${temporal.namespace} (named by you)`);
  if (options.database !== undefined) say('Postgres: named by you');
  const store = await openStore({ url: databaseUrl });
  stops.add('store', () => store.close());
  const client = await connect(temporal, options.temporalConnection, stops);

  const ownServers = [...kept];
  const cluster = options.localCluster === false ? undefined : await ownCluster(servers, databaseUrl, stops);
  if (cluster) kept.push(cluster.kept);

  const healthPort = await freePort();
  const endpoints: Endpoints = {
    temporalAddress: temporal.address,
    namespace: temporal.namespace,
    databaseUrl,
    blobs: join(dir, 'blobs'),
    healthUrl: `http://127.0.0.1:${healthPort}`,
    owner: ownIdentity(),
    ...(cluster && { cluster: cluster.dir }),
    ...(temporal.uiUrl !== undefined && { uiUrl: temporal.uiUrl }),
  };
  await writeEndpoints(dir, endpoints);
  stops.add('endpoints', () => removeEndpoints(dir));

  const workers = supervise({
    name: 'workers',
    module: built('workers/all.js'),
    log: join(dir, 'workers.log'),
    say,
    ...(options.longestPauseMs !== undefined && { longestPauseMs: options.longestPauseMs }),
    env: { ...workerEnvironment(endpoints, healthPort), ...options.temporalEnvironment },
  });
  stops.add('workers', () => workers.stop());
  await ready(endpoints, workers);
  say(`workers: pid ${String(workers.pid())}, ${endpoints.healthUrl ?? ''}/readyz`);
  stops.add('keeper', keepUp(kept, say));
  const platform = localPlatform({ dir: cluster?.dir ?? join(dir, 'cluster') });
  const stepBack = async (): Promise<void> => {
    if (!cluster || (await platform.status()).mode?.kind !== 'cores') return;
    await Promise.all(
      [...ownServers.map(({ pid }) => pid()), workers.pid()].map(async (pid) => pid !== undefined && (await lowerPriority(pid))),
    );
  };
  return { endpoints, store, client, platform, workers, stepBack, stop: () => stops.run() };
}

async function connect({ address, namespace }: TemporalAt, more: ConnectionOptions | undefined, stops: Stops): Promise<Client> {
  const connection = await Connection.connect({ ...more, address, connectTimeout: '10 seconds' });
  stops.add('Temporal client', () => connection.close());
  return new Client({ connection, namespace });
}

function workerEnvironment(endpoints: Endpoints, healthPort: number): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: endpoints.temporalAddress,
    TEMPORAL_NAMESPACE: endpoints.namespace,
    DATABASE_URL: endpoints.databaseUrl,
    TEMPORAL_CONFIG_FILE: join(endpoints.blobs, 'no-temporal.toml'),
    BERTH_BLOBS: endpoints.blobs,
    BERTH_HEALTH_PORT: String(healthPort),
    ...(endpoints.cluster !== undefined && { BERTH_LOCAL_CLUSTER: endpoints.cluster }),
  };
}

const READY_S = 120;

async function ready({ healthUrl }: Endpoints, workers: Supervised): Promise<void> {
  const deadline = Date.now() + READY_S * 1000;
  for (;;) {
    const answer = await fetch(`${healthUrl ?? ''}/readyz`, { signal: AbortSignal.timeout(5000) }).then(
      async (r) => (r.ok ? undefined : await r.text()),
      (error: unknown) => (error instanceof Error ? error.message : 'no answer'),
    );
    if (answer === undefined) return;
    if (workers.restarts() > 3) throw new Error(`the workers do not stay up: ${answer}; see workers.log`);
    if (Date.now() > deadline) throw new Error(`the workers are not ready after ${READY_S} s: ${answer}; see workers.log`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
