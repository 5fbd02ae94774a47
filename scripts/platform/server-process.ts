import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { guard } from '../run/guard.mjs';
import { isRunning, processIdentity } from './lock.ts';
import type { ServerProcess } from './server-record.ts';

/** A log larger than this is begun anew at the next start. */
const LOG_BYTES = 8 * 1024 * 1024;

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** The signal it gets when this process dies, however it dies; undefined: it lives on and is adopted by the next start. */
  readonly dieWithParent?: 'SIGINT' | 'SIGKILL' | undefined;
}

export interface Running {
  readonly process: ServerProcess;
  /** Exit code or signal once it has ended; undefined while it runs. */
  readonly ended: () => string | undefined;
}

/** Starts a server in a session of its own, so that Ctrl-C reaches us and we stop it in order. */
export async function launch({ command, args, cwd, env, log, user, dieWithParent }: Launch): Promise<Running> {
  const output = openLog(log);
  const child = spawn(command, [...args], { cwd, env, detached: true, stdio: ['ignore', output, output], ...user });
  let ended: string | undefined;
  child.once('exit', (code, signal) => (ended = signal ?? `exit code ${String(code)}`));
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new Error(`cannot run ${command}: ${error.message}`, { cause: error })));
    });
  } finally {
    closeSync(output);
  }
  child.unref();
  const pid = child.pid ?? 0;
  if (dieWithParent) guards.set(pid, guard(pid, dieWithParent));
  return { process: { pid, identity: processIdentity(pid) ?? 'ended' }, ended: () => ended };
}

/** Sends `signals` in turn until the process is gone, each given its seconds. */
export async function end(server: ServerProcess, signals: readonly (readonly [NodeJS.Signals, number])[]): Promise<void> {
  for (const [signal, seconds] of signals) {
    if (!isRunning(server)) return;
    send(server.pid, signal);
    const deadline = Date.now() + seconds * 1000;
    while (isRunning(server) && Date.now() < deadline) await sleep(20);
  }
  if (isRunning(server)) throw new Error(`process ${server.pid} does not end`);
}

/** The last lines of a log, for an error message. */
export function tailOf(log: string, lines = 8): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

/** The environment without the variables of `prefixes`: whatever server the shell points at, ours does not hear of it. */
export function environmentWithout(...prefixes: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !prefixes.some((prefix) => name.startsWith(prefix))));
}

const guards = new Map<number, () => void>();

/** After an orderly stop the guard has nothing to do; its number could be another process's by the time we end. */
export function dismissGuard(pid: number): void {
  guards.get(pid)?.();
  guards.delete(pid);
}

function openLog(log: string): number {
  const descriptor = openSync(log, 'a', 0o600);
  if (statSync(log).size > LOG_BYTES) truncateSync(log, 0);
  return descriptor;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone between the look and the signal: what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
