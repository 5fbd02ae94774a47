import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort } from '../../connectors/http/free-port.ts';
import { isRunning, ownIdentity, processIdentity, withLock } from './lock.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { ensureCluster, ROLE } from './postgres-cluster.ts';
import type { Cluster } from './postgres-cluster.ts';
import { createDatabase, databaseUrl } from './postgres-database.ts';
import { waitForPostgres } from './postgres-health.ts';
import { knownHome, postgresHome, postgresUser } from './postgres-user.ts';
import { commandLine } from './process-table.ts';
import { dismissGuard, end, environmentWithout, launch } from './server-process.ts';
import { adoptedRecord, ownedByAnother, readServerRecord, writeServerRecord } from './server-record.ts';
import type { ServerProcess, ServerRecord } from './server-record.ts';

export { createDatabase, databaseUrl, dropDatabase } from './postgres-database.ts';

export interface PostgresOptions {
  /** Lock, record, password and log lie here; the database too, except as root. Made if absent, 0700. */
  readonly dir: string;
  /** Database of the returned url; made if absent. Default: berth. */
  readonly database?: string;
  /** false = a power cut may cost the database: tests only. */
  readonly fsync?: boolean;
  /** The server ends when this process does, even by kill -9. Default: false, the next start adopts it. */
  readonly dieWithParent?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  readonly say?: (line: string) => void;
}

export interface PostgresServer {
  /** Holds the password: not for logs. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** It was running already. */
  readonly adopted: boolean;
  /** Ends it, unless another living process owns it; false = it was left running for that one. */
  stop(): Promise<boolean>;
}

type Settled = Required<PostgresOptions>;
type Place = {
  readonly cluster: Cluster;
  readonly postgres: string;
  readonly user: ReturnType<typeof postgresUser>;
  readonly home: string;
};

const ATTEMPTS = 5;
/** Recovery after a crash reads up to `max_wal_size` again. */
const HEALTHY_MS = 180_000;
const ADOPT_MS = 20_000;

/** Claims must outlive a crash once they are acknowledged, so commits are synchronous; the rest suits a small machine with large tables. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  jit: 'off',
  synchronous_commit: 'on',
  max_connections: '200',
  log_min_messages: 'warning',
};

/**
 * A Postgres of our own on 127.0.0.1: the one that runs from `dir` if it answers, else a new one on the port of the last, after recovery if need be.
 * Throws with the end of its log when it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const settled: Settled = {
    database: 'berth',
    fsync: true,
    dieWithParent: false,
    settings: {},
    say: () => undefined,
    ...options,
    dir: resolve(options.dir),
  };
  await mkdir(settled.dir, { recursive: true, mode: 0o700 });
  await chmod(settled.dir, 0o700);
  return await withLock(join(settled.dir, 'start.lock'), async () => {
    const place = await prepare(settled);
    const server = (await adopt(settled, place)) ?? (await start(settled, place));
    await createDatabase(server.url, settled.database);
    return server;
  });
}

async function prepare({ dir, fsync }: Settled): Promise<Place> {
  const user = postgresUser();
  const home = await postgresHome(dir, user);
  const binaries = await postgresBinaries(home, user);
  const cluster = await ensureCluster({ dir, home, user, sync: fsync }, binaries);
  return { cluster, postgres: binaries.postgres, user, home };
}

async function adopt(options: Settled, place: Place): Promise<PostgresServer | undefined> {
  const record = await findServer(await readServerRecord(options.dir), place.cluster.data);
  const { server, ports } = record;
  if (!server || ports['postgres'] === undefined) return undefined;
  const answer = await ask(options, place, {
    port: ports['postgres'],
    ended: () => (isRunning(server) ? undefined : 'no word'),
    deadlineMs: ADOPT_MS,
  });
  if (answer !== 'healthy') {
    options.say(`the Postgres ${server.pid} of ${options.dir} does not serve (${answer}); it is replaced`);
    await end(server, [
      ['SIGQUIT', 5],
      ['SIGKILL', 10],
    ]);
    return undefined;
  }
  const taken = adoptedRecord({ ...record, ports });
  await writeServerRecord(options.dir, taken);
  return handle(options, place, { ...taken, server }, true);
}

/**
 * Postgres keeps its own note of who serves a data folder, which also tells of a server whose starter died before writing our record.
 * A note whose process is another program by now would stop Postgres from starting, so it is removed.
 */
async function findServer(record: ServerRecord, data: string): Promise<ServerRecord> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return { ports: record.ports };
  const [pidLine, , , portLine] = (await readFile(file, 'utf8')).split('\n');
  const pid = Number(pidLine);
  const identity = processIdentity(pid);
  if (identity === undefined) return { ports: record.ports };
  if (!commandLine(pid)?.some((argument) => argument === data)) {
    await rm(file, { force: true });
    return { ports: record.ports };
  }
  const port = Number(portLine);
  const { owner } = record.server?.pid === pid ? record : {};
  return { server: { pid, identity }, ports: port > 0 ? { postgres: port } : record.ports, ...(owner ? { owner } : {}) };
}

async function start(options: Settled, place: Place): Promise<PostgresServer> {
  const { ports } = await readServerRecord(options.dir);
  let why = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const result = await startOn(options, place, await freePort(attempt === 0 ? ports['postgres'] : undefined));
    if (typeof result !== 'string') return result;
    why = result;
    // The last server's children may hold its memory for a moment after it was killed; a port may be taken in the moment after we looked.
    if (!/in use|could not create any TCP/.test(why)) break;
  }
  throw new Error(`Postgres did not come up: ${why}`);
}

/** The server, or why it did not come up. */
async function startOn(options: Settled, place: Place, port: number): Promise<PostgresServer | string> {
  const settings = {
    ...SETTINGS,
    ...(options.fsync ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...options.settings,
    port: String(port),
  };
  const running = await launch({
    command: place.postgres,
    args: ['-D', place.cluster.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: place.home,
    env: environmentWithout('PG', 'DATABASE_URL', 'LC_', 'LANG'),
    log: logFile(options),
    user: place.user,
    dieWithParent: options.dieWithParent ? 'SIGINT' : undefined,
  });
  const record = { server: running.process, owner: ownIdentity(), ports: { postgres: port } };
  await writeServerRecord(options.dir, record);
  const answer = await ask(options, place, { port, ended: running.ended, deadlineMs: HEALTHY_MS });
  if (answer === 'healthy') return handle(options, place, record, false);
  await end(running.process, [
    ['SIGINT', 20],
    ['SIGKILL', 10],
  ]);
  dismissGuard(running.process.pid);
  return answer;
}

function ask(
  options: Settled,
  place: Place,
  { port, ...rest }: { port: number; ended: () => string | undefined; deadlineMs: number },
): Promise<string> {
  const url = databaseUrl(urlOf(options, place, port), 'postgres');
  return waitForPostgres({ url, data: place.cluster.data, log: logFile(options), ...rest });
}

function handle(options: Settled, place: Place, record: ServerRecord & { server: ServerProcess }, adopted: boolean): PostgresServer {
  const port = record.ports['postgres'] ?? 0;
  return {
    url: urlOf(options, place, port),
    port,
    pid: record.server.pid,
    adopted,
    stop: () => withLock(join(options.dir, 'start.lock'), () => stop(options, record.server)),
  };
}

/** Fast shutdown: clients are cut off, everything committed is on disk. */
async function stop({ dir }: Settled, server: ServerProcess): Promise<boolean> {
  const now = await readServerRecord(dir);
  if (now.server?.pid === server.pid && ownedByAnother(now)) return false;
  if (isRunning(server))
    await end(server, [
      ['SIGINT', 30],
      ['SIGQUIT', 10],
      ['SIGKILL', 10],
    ]);
  dismissGuard(server.pid);
  if (now.server?.pid === server.pid) await writeServerRecord(dir, { ports: now.ports });
  return true;
}

/** Removes a stopped server's folder, and as root the one where its database lies. */
export async function removePostgres(dir: string): Promise<void> {
  const user = postgresUser();
  const home = await knownHome(dir, user);
  if (home) await rm(home, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
}

function urlOf({ database }: Settled, { cluster }: Place, port: number): string {
  return `postgres://${ROLE}:${encodeURIComponent(cluster.password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

function logFile({ dir }: Settled): string {
  return join(dir, 'postgres.log');
}
