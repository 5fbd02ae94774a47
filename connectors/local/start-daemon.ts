import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askDaemon, DaemonGone } from './client.ts';
import { lockHolder } from './lock.ts';
import type { DaemonStatus } from './protocol.ts';

export interface StartOptions {
  readonly dir: string;
  /** What to run; absent: the daemon beside this file. `--dir D` is added. */
  readonly command?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutS?: number;
  /** Hold a channel to it: it hears of our end, however we end. Absent: it knows nothing of us. */
  readonly channel?: boolean;
}

const POLL_MS = 100;

/**
 * Makes sure that a daemon runs for the folder: one that answers is adopted, else one is started in a session of its own, so that it
 * outlives whoever started it. Its words go to `daemon.log`. Rejects, with the end of that log, when it does not come up.
 */
export async function startDaemon(options: StartOptions): Promise<{ pid: number; adopted: boolean }> {
  const live = await alive(options.dir);
  if (live !== undefined) return { pid: live, adopted: true };
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const [file = '', ...args] = options.command ?? [process.execPath, fileURLToPath(new URL('./daemon-main.js', import.meta.url))];
  const logPath = join(options.dir, 'daemon.log');
  const log = openSync(logPath, 'a', 0o600);
  const child = spawn(file, [...args, '--dir', options.dir], {
    detached: true,
    stdio: options.channel ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    env: options.env ?? process.env,
  });
  closeSync(log);
  child.unref();
  child.channel?.unref();
  let problem: string | undefined;
  child.on('error', (error) => (problem = error.message));
  child.on('exit', (code, signal) => (problem = signal === null ? `exit code ${code}` : `killed by ${signal}`));
  const deadlineMs = Date.now() + (options.timeoutS ?? 60) * 1000;
  while (Date.now() < deadlineMs) {
    const pid = await alive(options.dir);
    // Two may have been started at once: the one that has the lock is as good as ours.
    if (pid !== undefined) return { pid, adopted: pid !== child.pid };
    if (problem !== undefined && lockHolder(options.dir) === undefined) break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the local cluster did not start: ${problem ?? 'it was too slow'}\n${readFileSync(logPath, 'utf8').slice(-2000)}`);
}

async function alive(dir: string): Promise<number | undefined> {
  try {
    return (await askDaemon<DaemonStatus>(dir, 'status', {}, 2000)).pid;
  } catch (error) {
    if (error instanceof DaemonGone) return undefined;
    throw error;
  }
}

/**
 * Ends the daemon of a folder and all its children, and waits until it has given up its lock, which is the last thing it does. False when there was none. Who holds the lock is asked,
 * not who answers: a busy daemon may be slow, and must not be taken for a dead one.
 */
export async function stopDaemon(dir: string, timeoutS = 60): Promise<boolean> {
  const pid = lockHolder(dir);
  if (pid === undefined) return false;
  await askDaemon(dir, 'stop', {}, 10_000).catch((error: unknown) => {
    if (!(error instanceof DaemonGone)) throw error;
    // The same as the request, for one that is still starting; the lock has proved that the pid is its own.
    if (lockHolder(dir) === pid) process.kill(pid, 'SIGTERM');
  });
  const deadlineMs = Date.now() + timeoutS * 1000;
  while (lockHolder(dir) === pid) {
    if (Date.now() > deadlineMs) throw new Error(`the local cluster with pid ${pid} has not ended after ${timeoutS} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}
