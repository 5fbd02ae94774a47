import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';

import { localPlatform, type LocalPlatform } from '../../connectors/local/platform.ts';
import { startDaemon, stopDaemon } from '../../connectors/local/start-daemon.ts';
import { openStore } from '../../connectors/store/store.ts';
import type { Store } from '../../connectors/store/types.ts';
import { freePort } from '../platform/free-port.ts';
import { ownIdentity } from '../platform/lock.ts';
import { startPostgres } from '../platform/postgres-server.ts';
import { startTemporal } from '../platform/temporal-server.ts';
import { Stops } from '../../workers/parts/stops.ts';
import { removeEndpoints, writeEndpoints, type Endpoints } from './endpoints.ts';
import { supervise, type Supervised } from './supervise.ts';

export interface UpOptions {
  /** Everything that is made lies here, 0700. */
  readonly dir: string;
  /** Servers that the user has named; absent: our own, whatever the environment says. */
  readonly temporal?: { readonly address: string; readonly namespace: string };
  readonly database?: string;
  /** Our own servers end when this process does, even by kill -9. */
  readonly dieWithParent?: boolean;
  readonly say: (line: string) => void;
}

/** A platform that runs: its servers, its workers, its local cluster. */
export interface Up {
  readonly endpoints: Endpoints;
  readonly store: Store;
  readonly client: Client;
  readonly platform: LocalPlatform;
  readonly workers: Supervised;
  /** Stops what was started here, newest first; servers of others are left alone. */
  stop(): Promise<void>;
}

const NAMESPACE = 'berth';
const BUILD = new URL('../../', import.meta.url);

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
  const [temporal, databaseUrl] = await Promise.all([temporalOf(options, stops), databaseOf(options, stops)]);
  const store = await openStore({ url: databaseUrl });
  stops.add('store', () => store.close());
  const client = await connect(temporal, stops);

  const clusterDir = join(dir, 'cluster');
  const daemon = await startDaemon({
    dir: clusterDir,
    command: [process.execPath, built('scripts/up/local-cluster.js')],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], DATABASE_URL: databaseUrl },
  });
  stops.add('local cluster', async () => void (await stopDaemon(clusterDir)));
  say(`local cluster: pid ${daemon.pid}${daemon.adopted ? ', already running' : ''}`);

  const healthPort = await freePort();
  const endpoints: Endpoints = {
    temporalAddress: temporal.address,
    namespace: temporal.namespace,
    databaseUrl,
    blobs: join(dir, 'blobs'),
    cluster: clusterDir,
    healthUrl: `http://127.0.0.1:${healthPort}`,
    owner: ownIdentity(),
    ...(temporal.uiUrl !== undefined && { uiUrl: temporal.uiUrl }),
  };
  await writeEndpoints(dir, endpoints);
  stops.add('endpoints', () => removeEndpoints(dir));

  const workers = supervise({
    name: 'workers',
    module: built('workers/all.js'),
    log: join(dir, 'workers.log'),
    say,
    env: workerEnvironment(endpoints, healthPort),
  });
  stops.add('workers', () => workers.stop());
  await ready(endpoints, workers);
  say(`workers: pid ${String(workers.pid())}, ${endpoints.healthUrl ?? ''}/readyz`);
  return { endpoints, store, client, platform: localPlatform({ dir: clusterDir }), workers, stop: () => stops.run() };
}

interface TemporalAt {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl?: string;
}

async function temporalOf({ dir, temporal, dieWithParent, say }: UpOptions, stops: Stops): Promise<TemporalAt> {
  if (temporal) {
    say(`Temporal: ${temporal.address}, namespace ${temporal.namespace} (named by you)`);
    return temporal;
  }
  const server = await startTemporal({ dir: join(dir, 'temporal'), namespace: NAMESPACE, dieWithParent: dieWithParent ?? false, say });
  stops.add('Temporal', async () => void (await server.stop()));
  say(`Temporal: ${server.address}, namespace ${server.namespace}, ${server.uiUrl} (our own${server.adopted ? ', already running' : ''})`);
  return server;
}

async function databaseOf({ dir, database, dieWithParent, say }: UpOptions, stops: Stops): Promise<string> {
  if (database !== undefined) {
    say('Postgres: named by you');
    return database;
  }
  const server = await startPostgres({ dir: join(dir, 'postgres'), dieWithParent: dieWithParent ?? false, say });
  stops.add('Postgres', async () => void (await server.stop()));
  say(`Postgres: 127.0.0.1:${server.port} (our own${server.adopted ? ', already running' : ''})`);
  return server.url;
}

async function connect({ address, namespace }: TemporalAt, stops: Stops): Promise<Client> {
  const connection = await Connection.connect({ address, connectTimeout: '10 seconds' });
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

const built = (path: string): string => fileURLToPath(new URL(path, BUILD));
