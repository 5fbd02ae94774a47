import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
const FOLLOW = pathToFileURL(fileURLToPath(new URL('./follow-parent.mjs', import.meta.url))).href;

/** Somebody ended us while a program ran: nothing is wrong with the program. */
export class Interrupted extends Error {
  /** @param {number} code 128 + n for signal n */
  constructor(code) {
    super('interrupted; run the same command again to go on');
    this.code = code;
  }
}

/**
 * Runs a program in the foreground and waits for it. Signals reach it; it ends before we do.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, output?: 'inherit' | 'to-stderr' | 'collect',
 *   onStart?: (pid: number) => void }} options
 * @returns {Promise<{ code: number, text: string }>} the exit code, 128 + n for signal n; `text` only with 'collect'. Throws `Interrupted`
 */
export async function run(command, args, { cwd, env = process.env, output = 'inherit', onStart }) {
  const child = spawn(command, [...args], { cwd, env, stdio: stdioFor(output) });
  if (child.pid !== undefined) onStart?.(child.pid);
  const { code, text, received } = await finished(child, command);
  if (received !== undefined && code !== 0) throw new Interrupted(128 + constants.signals[received]);
  return { code, text };
}

/**
 * Runs a built script under this Node. It also ends when we are killed in a way that lets nobody forward anything.
 * @param {string} script
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {Promise<number>}
 */
export async function runScript(script, args, cwd) {
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', FOLLOW, script, ...args], {
    cwd,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  return (await finished(child, script)).code;
}

/**
 * @param {'inherit' | 'to-stderr' | 'collect'} output
 * @returns {import('node:child_process').StdioOptions}
 */
function stdioFor(output) {
  if (output === 'inherit') return 'inherit';
  return output === 'to-stderr' ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'];
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} name
 * @returns {Promise<{ code: number, text: string, received: NodeJS.Signals | undefined }>}
 */
async function finished(child, name) {
  let text = '';
  const collect = (/** @type {unknown} */ chunk) => (text += String(chunk));
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const forwarding = forwardSignals(child);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`cannot run ${name}: ${error.message}`, { cause: error })));
      child.once('close', (status, signal) => resolve(status ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0)));
    });
    return { code, text, received: forwarding.received() };
  } finally {
    forwarding.stop();
  }
}

/** @param {import('node:child_process').ChildProcess} child */
function forwardSignals(child) {
  /** @type {NodeJS.Signals | undefined} */
  let received;
  const handlers = FORWARDED.map((signal) => {
    const handler = () => {
      received = signal;
      // Ctrl-C in a terminal reaches the whole foreground group: the child has it already, and a second one means "at once" to many programs.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return { received: () => received, stop: () => handlers.forEach((stop) => stop()) };
}
