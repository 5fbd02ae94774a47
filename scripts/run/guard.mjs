import { spawn } from 'node:child_process';

/**
 * Ends process `pid` when we are gone, however we went: a shell waits for the end of our side of a pipe, which comes even by kill -9.
 * @param {number} pid
 * @param {'SIGINT' | 'SIGKILL'} signal five seconds later SIGKILL follows
 * @returns {() => void} dismisses the guard: after an orderly stop the number could be another process's by the time we end
 */
export function guard(pid, signal) {
  const name = signal.slice('SIG'.length);
  const script = `read -r _; kill -${name} ${pid} 2>/dev/null || exit 0; sleep 5; kill -KILL ${pid} 2>/dev/null; exit 0`;
  const shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' });
  shell.unref();
  // The shell may be gone before us: nothing is lost by that.
  shell.stdin.on('error', () => undefined);
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return () => void shell.kill('SIGKILL');
}
