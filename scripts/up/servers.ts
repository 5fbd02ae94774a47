import { join } from 'node:path';

import { startDaemon, stopDaemon } from '../../connectors/local/start-daemon.ts';
import { startPostgres } from '../platform/postgres-server.ts';
import { startTemporal } from '../platform/temporal-server.ts';
import type { Stops } from '../../workers/parts/stops.ts';
import { built } from './built.ts';
import type { Kept } from './keep-up.ts';

export interface ServerOptions {
  readonly dir: string;
  readonly dieWithParent: boolean;
  readonly say: (line: string) => void;
}

export interface TemporalAt {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl?: string;
}

const NAMESPACE = 'berth';

/** Our own Temporal, or the one that already runs from the folder. */
export async function ownTemporal({ dir, dieWithParent, say }: ServerOptions, stops: Stops): Promise<{ at: TemporalAt; kept: Kept }> {
  const start = async () => await startTemporal({ dir: join(dir, 'temporal'), namespace: NAMESPACE, dieWithParent, say });
  let server = await start();
  stops.add('Temporal', async () => void (await server.stop()));
  say(`Temporal: ${server.address}, namespace ${server.namespace}, ${server.uiUrl} (our own${server.adopted ? ', already running' : ''})`);
  return {
    at: server,
    kept: { name: 'Temporal', pid: () => server.pid, lives: () => isAlive(server.pid), restart: async () => void (server = await start()) },
  };
}

/** Our own Postgres, or the one that already runs from the folder. The address holds the password: not for logs. */
export async function ownPostgres({ dir, dieWithParent, say }: ServerOptions, stops: Stops): Promise<{ url: string; kept: Kept }> {
  const start = async () => await startPostgres({ dir: join(dir, 'postgres'), dieWithParent, say });
  let server = await start();
  stops.add('Postgres', async () => void (await server.stop()));
  say(`Postgres: 127.0.0.1:${server.port} (our own${server.adopted ? ', already running' : ''})`);
  return {
    url: server.url,
    kept: { name: 'Postgres', pid: () => server.pid, lives: () => isAlive(server.pid), restart: async () => void (server = await start()) },
  };
}

/** The local cluster of the folder, its telemetry going into the database. */
export async function ownCluster(
  { dir, dieWithParent, say }: ServerOptions,
  databaseUrl: string,
  stops: Stops,
): Promise<{ dir: string; kept: Kept }> {
  const clusterDir = join(dir, 'cluster');
  const start = async () =>
    await startDaemon({
      dir: clusterDir,
      command: [process.execPath, built('scripts/up/local-cluster.js')],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], DATABASE_URL: databaseUrl },
      channel: dieWithParent,
    });
  let daemon = await start();
  stops.add('local cluster', async () => void (await stopDaemon(clusterDir)));
  say(`local cluster: pid ${daemon.pid}${daemon.adopted ? ', already running' : ''}`);
  return {
    dir: clusterDir,
    kept: {
      name: 'the local cluster',
      pid: () => daemon.pid,
      lives: () => isAlive(daemon.pid),
      restart: async () => void (daemon = await start()),
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
