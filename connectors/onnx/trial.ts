import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelRefused, readModelMetadata } from '../../learning/onnx/metadata.ts';
import { TRIAL_CHILD } from './trial-child.ts';

export interface TrialLimits {
  readonly seconds: number;
  readonly memoryBytes: number;
}
export const TRIAL_LIMITS: TrialLimits = { seconds: 10, memoryBytes: 2 ** 30 };

export interface Trial {
  readonly bytes: Uint8Array;
  /** `[n][width]`, NaN = missing. */
  readonly rows: Float32Array;
  readonly contractDigest: string;
}

const LOOK_EVERY_MS = 25;
const TEXT_MAX = 1 << 20;

/**
 * Reads a model, then loads and runs it in a process of its own that is killed at its limits, so that a file that makes the runtime crash, hang or
 * grow takes nobody with it. Returns `[n][3]`. Throws `ModelRefused` naming why; memory is watched where /proc tells it.
 */
export async function tryModel({ bytes, rows, contractDigest }: Trial, limits: TrialLimits = TRIAL_LIMITS): Promise<Float32Array> {
  const read = readModelMetadata(bytes);
  if (read.contractDigest !== contractDigest)
    throw modelRefused(`the registry expects contract ${contractDigest}, the model file carries ${read.contractDigest}`);
  const dir = await mkdtemp(join(tmpdir(), 'berth-trial-'));
  try {
    const file = join(dir, 'model.onnx');
    await writeFile(file, bytes);
    return answered(await ask({ file, width: read.width, rows }, limits), rows.length / read.width);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function answered(said: string, n: number): Float32Array {
  const { values, error } = JSON.parse(said) as { values?: (number | null)[]; error?: string };
  if (!values) throw modelRefused(`it does not load or run: ${error ?? 'no reason given'}`);
  if (values.length !== 3 * n) throw modelRefused(`it gave ${values.length} values for ${n} rows, expected ${3 * n}`);
  return Float32Array.from(values, (v) => v ?? NaN);
}

async function ask(what: { file: string; width: number; rows: Float32Array }, limits: TrialLimits): Promise<string> {
  const runtime = createRequire(import.meta.url).resolve('onnxruntime-node');
  // Nothing of the worker's environment: it holds the database's password.
  const child = spawn(process.execPath, ['-e', TRIAL_CHILD, what.file, String(what.width), runtime], {
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const said = textOf(child);
  const over = overLimit(child, limits);
  try {
    // A child that dies early closes its end; its exit says why.
    child.stdin?.on('error', () => undefined).end(JSON.stringify(Array.from(what.rows, (v) => (Number.isFinite(v) ? v : null))));
    const ended = await ending(child);
    const why = over.why();
    if (why !== undefined) throw modelRefused(why);
    if (ended !== 'code 0') throw modelRefused(`it ended the process that tried it with ${ended}`);
    return said();
  } finally {
    over.stop();
    child.kill('SIGKILL');
  }
}

function textOf(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    if (text.length < TEXT_MAX) text += part;
  });
  return () => text;
}

async function ending(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal === null ? `code ${code}` : `signal ${signal}`));
  });
}

function overLimit(child: ChildProcess, { seconds, memoryBytes }: TrialLimits): { why: () => string | undefined; stop: () => void } {
  let why: string | undefined;
  const kill = (reason: string): void => {
    why ??= reason;
    child.kill('SIGKILL');
  };
  const late = setTimeout(() => kill(`it took more than ${seconds} s to load and run`), seconds * 1000);
  const watch = setInterval(() => {
    void residentBytes(child.pid).then((bytes) => {
      if (bytes > memoryBytes) kill(`it took more than ${memoryBytes} bytes of memory to load and run`);
    });
  }, LOOK_EVERY_MS);
  return {
    why: () => why,
    stop: () => {
      clearTimeout(late);
      clearInterval(watch);
    },
  };
}

/** 0 where it cannot be told. */
async function residentBytes(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);
}
