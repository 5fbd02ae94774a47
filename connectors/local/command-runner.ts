import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { answer, tell } from './ipc.ts';
import { allProcesses } from './proc.ts';

/**
 * Runs the user's own command and ends it, with all that it started, when the daemon asks or is gone. The command itself knows
 * nothing of the daemon: it listens on `$PORT` of 127.0.0.1 and answers `/ready` with `$BERTH_NONCE`.
 */
const [file = '', ...args] = JSON.parse(process.env['BERTH_COMMAND'] ?? '[]') as string[];
const GRACE_MS = 10_000;

/** The port is free now; should another take it before the command does, the nonce in `/ready` gives it away. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The command may be a shell that started the server: signals must reach its descendants too. */
function descendants(root: number): number[] {
  const all = allProcesses() ?? [];
  const found = [root];
  for (const pid of found) found.push(...all.filter((one) => one.parent === pid).map((one) => one.pid));
  return found;
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

answer({});
const port = await freePort();
const { NODE_CHANNEL_FD: _channel, BERTH_COMMAND: _command, ...rest } = process.env;
const env = { ...rest, PORT: String(port) };
const command = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
const family = () => (command.pid === undefined ? [] : descendants(command.pid));

command.on('error', (error) => {
  tell({ kind: 'failed', why: error.message });
  setTimeout(() => process.exit(1), 20);
});
command.on('exit', (code, name) => {
  tell({ kind: 'failed', why: name === null ? `the command ended with exit code ${code}` : `the command was killed by ${name}` });
  setTimeout(() => process.exit(code ?? 1), 20);
});
process.on('SIGTERM', () => {
  const pids = family();
  signal(pids, 'SIGTERM');
  setTimeout(() => signal(pids, 'SIGKILL'), GRACE_MS).unref();
});
process.on('exit', () => signal(family(), 'SIGKILL'));
if (command.pid !== undefined) tell({ kind: 'listening', port, pid: command.pid });
