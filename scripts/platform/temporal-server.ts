import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isRunning, ownIdentity, processIdentity, withLock } from './lock.ts';
import { freePort } from '../../connectors/http/free-port.ts';
import { commandLine, findProcess } from './process-table.ts';
import { dismissGuard, end, environmentWithout, launch, tailOf } from './server-process.ts';
import { adoptedRecord, ownedByAnother, readServerRecord, writeServerRecord } from './server-record.ts';
import type { ServerProcess, ServerRecord } from './server-record.ts';
import { NAMESPACE, SEARCH_ATTRIBUTES } from './temporal-names.ts';
import { temporalBinary } from './temporal-binary.ts';
import type { TemporalBinary } from './temporal-binary.ts';
import { waitForTemporal } from './temporal-health.ts';

export interface TemporalOptions {
  /** Lock, record and log lie here, and the database if there is one. Made if absent, 0700. */
  readonly dir: string;
  /** Keep everything in a file, so that it survives kill -9; otherwise it lives in memory. Default: true. */
  readonly dbFile?: boolean;
  readonly namespace?: string;
  readonly searchAttributes?: Readonly<Record<string, string>>;
  /** The server ends when this process does, even by kill -9. Default: false, the next start adopts it. */
  readonly dieWithParent?: boolean;
  /** Any limit of the server, for tests: name -> JSON value. */
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean>>;
  readonly say?: (line: string) => void;
}

export interface TemporalServer {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** It was running already. */
  readonly adopted: boolean;
  /** Ends it, unless another living process owns it; false = it was left running for that one. */
  stop(): Promise<boolean>;
}

type Settled = Required<Omit<TemporalOptions, 'say'>> & { readonly say: (line: string) => void };

const ATTEMPTS = 5;
const HEALTHY_MS = 60_000;
const ADOPT_MS = 10_000;

/**
 * A Temporal dev server of our own on 127.0.0.1: the one that runs from `dir` if it answers, else a new one on the ports of the last.
 * Throws with the end of its log when it does not come up.
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const settled: Settled = {
    namespace: NAMESPACE,
    searchAttributes: SEARCH_ATTRIBUTES,
    dbFile: true,
    dieWithParent: false,
    dynamicConfig: {},
    say: () => undefined,
    ...options,
    dir: resolve(options.dir),
  };
  await mkdir(settled.dir, { recursive: true, mode: 0o700 });
  await chmod(settled.dir, 0o700);
  return await withLock(join(settled.dir, 'start.lock'), async () => (await adopt(settled)) ?? (await start(settled)));
}

async function adopt(options: Settled): Promise<TemporalServer | undefined> {
  const record = findOrphan(options, await readServerRecord(options.dir));
  const { server, ports } = record;
  if (!server || !isRunning(server) || ports['grpc'] === undefined) return undefined;
  const answer = await waitForTemporal({
    address: `127.0.0.1:${ports['grpc']}`,
    ...options,
    ended: () => (isRunning(server) ? undefined : 'no word'),
    deadlineMs: ADOPT_MS,
  });
  if (answer !== 'healthy') {
    options.say(`the Temporal server ${server.pid} of ${options.dir} does not serve (${answer}); it is replaced`);
    await end(server, [['SIGKILL', 10]]);
    return undefined;
  }
  const taken = adoptedRecord(record);
  await writeServerRecord(options.dir, taken);
  return handle(options, { ...taken, server }, true);
}

/** A starter that died between starting the server and writing the record leaves one that only the process table knows. */
function findOrphan(options: Settled, record: ServerRecord): ServerRecord {
  if (!options.dbFile || (record.server && isRunning(record.server))) return record;
  const file = databaseFile(options);
  const pid = findProcess((args) => args.includes('start-dev') && args.includes(file));
  const identity = pid === undefined ? undefined : processIdentity(pid);
  if (pid === undefined || identity === undefined) return record;
  const args = commandLine(pid) ?? [];
  const valueOf = (flag: string): number => Number(args[args.indexOf(flag) + 1]);
  return { server: { pid, identity }, ports: { grpc: valueOf('--port'), ui: valueOf('--ui-port') } };
}

async function start(options: Settled): Promise<TemporalServer> {
  const binary = await temporalBinary({ say: options.say });
  if (options.dbFile) await checkVersion(options, binary);
  const { ports: last } = await readServerRecord(options.dir);
  let why = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const preferred = attempt === 0 ? last : {};
    const grpc = await freePort(preferred['grpc']);
    const ports = { grpc, ui: await freePort(preferred['ui'] === grpc ? undefined : preferred['ui']) };
    if (ports.grpc === ports.ui) continue;
    const result = await startOn(options, binary, ports);
    if (typeof result !== 'string') return result;
    why = result;
    if (!why.includes('address already in use')) break;
  }
  throw new Error(`the Temporal server did not come up: ${why}`);
}

/** The server, or why it did not come up. */
async function startOn(options: Settled, binary: TemporalBinary, ports: { grpc: number; ui: number }): Promise<TemporalServer | string> {
  const log = join(options.dir, 'temporal.log');
  const running = await launch({
    command: binary.path,
    args: argumentsFor(options, ports),
    cwd: options.dir,
    env: environmentWithout('TEMPORAL_'),
    log,
    dieWithParent: options.dieWithParent ? 'SIGKILL' : undefined,
  });
  const record = { server: running.process, owner: ownIdentity(), ports };
  await writeServerRecord(options.dir, record);
  const answer = await waitForTemporal({ address: `127.0.0.1:${ports.grpc}`, ...options, ended: running.ended, deadlineMs: HEALTHY_MS });
  if (answer === 'healthy') return handle(options, record, false);
  await end(running.process, [['SIGKILL', 10]]);
  dismissGuard(running.process.pid);
  return `${answer}; ${log} ends with:\n${tailOf(log)}`;
}

function argumentsFor(options: Settled, ports: { grpc: number; ui: number }): string[] {
  const { namespace, searchAttributes, dynamicConfig, dbFile } = options;
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(ports.grpc), '--ui-port', String(ports.ui)],
    ...['--namespace', namespace, '--ui-disable-news-fetch', '--log-level', 'error'],
    ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...Object.entries(dynamicConfig).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${JSON.stringify(value)}`]),
    ...(dbFile
      ? ['--db-filename', databaseFile(options), '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL']
      : []),
  ];
}

/** A dev server does not migrate the file of an older one, nor does an older one read a newer file. */
async function checkVersion(options: Settled, binary: TemporalBinary): Promise<void> {
  const file = databaseFile(options);
  const note = `${file}.version`;
  const made = existsSync(file) && existsSync(note) ? (await readFile(note, 'utf8')).trim() : undefined;
  if (made !== undefined && made !== binary.server) {
    throw new Error(
      `${file} was made by Temporal server ${made}, but ${binary.path} holds server ${binary.server}, which does not convert it. ` +
        `Either set TEMPORAL_CLI_PATH to a program with server ${made}, or move the file away to begin anew (what was going on is forgotten, records stay): ` +
        `mv '${file}' '${file}.${made}'`,
    );
  }
  await writeFile(note, `${binary.server}\n`);
}

function handle(options: Settled, record: ServerRecord & { server: ServerProcess }, adopted: boolean): TemporalServer {
  return {
    address: `127.0.0.1:${record.ports['grpc']}`,
    namespace: options.namespace,
    uiUrl: `http://127.0.0.1:${record.ports['ui']}`,
    pid: record.server.pid,
    adopted,
    stop: () => withLock(join(options.dir, 'start.lock'), () => stop(options, record.server)),
  };
}

async function stop({ dir, dbFile }: Settled, server: ServerProcess): Promise<boolean> {
  const now = await readServerRecord(dir);
  if (now.server?.pid === server.pid && ownedByAnother(now)) return false;
  // In memory there is nothing to bring to an end.
  await end(
    server,
    dbFile
      ? [
          ['SIGTERM', 5],
          ['SIGKILL', 10],
        ]
      : [['SIGKILL', 10]],
  );
  dismissGuard(server.pid);
  if (now.server?.pid === server.pid) await writeServerRecord(dir, { ports: now.ports });
  return true;
}

function databaseFile({ dir }: Settled): string {
  return join(dir, 'temporal.db');
}
