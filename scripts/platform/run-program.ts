import { spawn } from 'node:child_process';

export interface ProgramResult {
  /** Exit code; undefined = it could not be started, or was ended by a signal or the deadline. */
  readonly code: number | undefined;
  /** What it wrote to both outputs, or why it did not run. */
  readonly text: string;
}

/** Runs a short program to its end. Never throws: how it ended is the answer. */
export function runProgram(
  command: string,
  args: readonly string[],
  { deadlineMs, ...options }: { deadlineMs: number; cwd?: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number },
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    let text = '';
    const child = spawn(command, [...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout: deadlineMs, killSignal: 'SIGKILL' });
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    child.once('error', (error) => resolve({ code: undefined, text: error.message }));
    child.once('close', (code, signal) => {
      resolve({ code: code ?? undefined, text: signal ? `${text}\nended by ${signal} (deadline ${deadlineMs / 1000} s)` : text });
    });
  });
}
