import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Launch {
  /** Which of the programs beside this file. */
  readonly program: 'service' | 'command-runner' | 'proxy' | 'load' | 'burner' | 'site-agent';
  /** Core to pin it to; absent: not pinned. */
  readonly core?: number;
  readonly env: Readonly<Record<string, string>>;
}

const SECRET = /^(DATABASE_URL|PG[A-Z]+|TEMPORAL_|AWS_|BERTH_)|TOKEN|SECRET|PASSWORD/;

/**
 * Children are not detached: a session of its own would be a scheduling group of its own on kernels with autogroup, and neighbours
 * would not compete with apps as equals. They get the daemon's environment less what looks like a secret.
 */
export function startChild({ program, core, env }: Launch): ChildProcess {
  const node = [process.execPath, fileURLToPath(new URL(`./${program}.js`, import.meta.url))];
  const [file = '', ...args] = core === undefined ? node : ['taskset', '-c', String(core), ...node];
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...cleanEnv(), ...env } });
  // A program that cannot be spawned ends like one that exits at once; `exited` reports both.
  child.on('error', () => undefined);
  return child;
}

function cleanEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (value === undefined || SECRET.test(key) ? [] : [[key, value]])),
  );
}

export function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Resolves when the child is gone, with how it went. */
export function exited(child: ChildProcess): Promise<string> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(ending(child));
  return new Promise((resolve) => {
    child.once('exit', () => resolve(ending(child)));
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
    if (child.pid === undefined) setImmediate(() => resolve('could not be started'));
  });
}

function ending(child: ChildProcess): string {
  return child.signalCode === null ? `exit code ${child.exitCode}` : `killed by ${child.signalCode}`;
}

/** Asks a child to end, insists after `graceMs`, and waits until it is gone. */
export async function stopChild(child: ChildProcess, graceMs: number): Promise<void> {
  if (!isAlive(child)) return;
  const gone = exited(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  child.kill(graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  await gone;
  clearTimeout(timer);
}
