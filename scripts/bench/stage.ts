import { existsSync, statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';

import { connect, type Sql } from '../../connectors/store/connect.ts';
import { openStore } from '../../connectors/store/store.ts';
import type { Store } from '../../connectors/store/types.ts';
import { Stops } from '../../workers/parts/stops.ts';
import { QUEUE } from '../../workflows/queues.ts';
import { freePort } from '../../connectors/http/free-port.ts';
import { dismissGuard, end, environmentWithout, launch, tailOf, type Running } from '../platform/server-process.ts';
import { removePostgres, startPostgres } from '../platform/postgres-server.ts';
import { startTemporal } from '../platform/temporal-server.ts';
import { makeAbsentCluster } from './absent-cluster.ts';
import type { PartPids } from './usage.ts';

/** Servers and workers of berth in processes of their own, as in production; the apps are not there. */
export interface Stage {
  readonly databaseUrl: string;
  readonly blobs: string;
  readonly store: Store;
  readonly sql: Sql;
  readonly client: Client;
  pids(): PartPids;
  /** kill -9 of every worker. */
  killWorkers(): Promise<void>;
  /** Resolves when every worker says it is ready. */
  startWorkers(): Promise<void>;
  /** Bytes that both databases take on disk. */
  sizes(): Promise<{ temporal: number; postgres: number }>;
}

interface Worker {
  readonly running: Running;
  readonly healthUrl: string;
  readonly log: string;
}

const ROLES = Object.keys(QUEUE);
const READY_S = 120;

/** Brings a stage up in `dir`, which is emptied first, runs `play` on it, and takes everything down and away whatever happens. */
export async function onStage<T>(
  { dir, sites, say }: { dir: string; sites: number; say: (line: string) => void },
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const stops = new Stops();
  await clear(dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  try {
    return await play(await setUp({ dir, sites, say }, stops));
  } finally {
    await stops.run();
    await clear(dir);
  }
}

async function clear(dir: string): Promise<void> {
  await removePostgres(join(dir, 'postgres'));
  await rm(dir, { recursive: true, force: true });
}

async function setUp({ dir, sites, say }: { dir: string; sites: number; say: (line: string) => void }, stops: Stops): Promise<Stage> {
  const temporal = await startTemporal({ dir: join(dir, 'temporal'), dieWithParent: true, say });
  stops.add('Temporal', async () => void (await temporal.stop()));
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), dieWithParent: true, say });
  stops.add('Postgres', async () => void (await postgres.stop()));
  const store = await openStore({ url: postgres.url });
  stops.add('store', () => store.close());
  const sql = connect({ url: postgres.url, max: 1 });
  stops.add('database', () => sql.end({ timeout: 5 }));
  const connection = await Connection.connect({ address: temporal.address, connectTimeout: '10 seconds' });
  stops.add('Temporal client', () => connection.close());
  const client = new Client({ connection, namespace: temporal.namespace });
  const env = {
    ...environmentWithout('TEMPORAL_', 'BERTH_', 'DATABASE_URL', 'PG'),
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_CONFIG_FILE: join(dir, 'no-temporal.toml'),
    DATABASE_URL: postgres.url,
    BERTH_BLOBS: join(dir, 'blobs'),
    BERTH_LOG: 'warn',
  };
  const workers = new Map<string, Worker>();
  stops.add('workers', async () => {
    await Promise.all([...workers.values()].map(({ running }) => over(running, ['SIGTERM', 20])));
  });
  const stage: Stage = {
    databaseUrl: postgres.url,
    blobs: env.BERTH_BLOBS,
    store,
    sql,
    client,
    pids: () => ({
      server: temporal.pid,
      postgres: postgres.pid,
      ...Object.fromEntries([...workers].map(([role, { running }]) => [role, running.process.pid])),
      bench: process.pid,
    }),
    async killWorkers() {
      await Promise.all([...workers.values()].map(({ running }) => over(running, ['SIGKILL', 10])));
      workers.clear();
    },
    async startWorkers() {
      for (const role of ROLES) workers.set(role, await startWorker(role, { dir, sites, env }));
      await Promise.all([...workers.values()].map(ready));
    },
    async sizes() {
      const [row] = await sql<{ bytes: number }[]>`select pg_database_size(current_database()) as bytes`;
      const files = ['temporal.db', 'temporal.db-wal'].map((name) => join(dir, 'temporal', name)).filter((file) => existsSync(file));
      return { postgres: row?.bytes ?? NaN, temporal: files.reduce((sum, file) => sum + statSync(file).size, 0) };
    },
  };
  await makeAbsentCluster(sql);
  await stage.startWorkers();
  return stage;
}

async function over(running: Running, first: readonly [NodeJS.Signals, number]): Promise<void> {
  await end(running.process, [first, ['SIGKILL', 10]]);
  dismissGuard(running.process.pid);
}

async function startWorker(role: string, { dir, sites, env }: { dir: string; sites: number; env: NodeJS.ProcessEnv }): Promise<Worker> {
  const port = await freePort();
  const log = join(dir, `${role}.log`);
  const running = await launch({
    command: process.execPath,
    args: [fileURLToPath(new URL('worker.js', import.meta.url)), role, String(sites)],
    cwd: dir,
    env: { ...env, BERTH_HEALTH_PORT: String(port) },
    log,
    dieWithParent: 'SIGKILL',
  });
  return { running, healthUrl: `http://127.0.0.1:${port}/readyz`, log };
}

async function ready({ running, healthUrl, log }: Worker): Promise<void> {
  for (const deadline = Date.now() + READY_S * 1000; ; await wait(50)) {
    const ok = await fetch(healthUrl, { signal: AbortSignal.timeout(5000) }).then(
      (r) => r.ok,
      () => false,
    );
    if (ok) return;
    const ended = running.ended();
    if (ended !== undefined || Date.now() > deadline)
      throw new Error(`a worker ${ended === undefined ? 'is not ready' : `ended (${ended})`}; ${log} ends with:\n${tailOf(log)}`);
  }
}
