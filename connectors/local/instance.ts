import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { exited, isAlive, startChild, stopChild } from './children.ts';
import type { Launch } from './children.ts';

/** One process of an app, serving on a site. */
export interface Instance {
  readonly app: string;
  readonly site: string;
  readonly child: ChildProcess;
  readonly port: number;
  /** The process that does the work: the child itself, or the user's command below it. */
  readonly pid: number;
  /** The user's own: it works for real on simulated sites too. */
  readonly isCommand: boolean;
  readonly gone: Promise<string>;
}

export interface InstanceRequest {
  readonly app: string;
  readonly site: string;
  readonly launch: Launch;
  readonly deadlineS: number;
  readonly signal: AbortSignal;
}

const POLL_MS = 50;

/**
 * Starts a process of an app and waits until that very process answers `/ready` with its own nonce: an answer from another one
 * on the same port is no proof. Rejects with the reason when it ends, fails, is too late or is aborted; then it is gone.
 */
export async function startInstance(request: InstanceRequest): Promise<Instance> {
  const { app, site, launch, signal } = request;
  const nonce = randomUUID();
  const child = startChild({ ...launch, env: { ...launch.env, BERTH_NONCE: nonce, BERTH_APP: app, BERTH_SITE: site } });
  const gone = exited(child);
  const late = AbortSignal.timeout(request.deadlineS * 1000);
  const stop = AbortSignal.any([signal, late]);
  try {
    const ended = gone.then((how) => Promise.reject(new Error(`it ended before it was ready: ${how}`)));
    const { port, pid } = await Promise.race([listening(child), ended, aborted(stop)]);
    await Promise.race([ready(port, nonce, stop), ended, aborted(stop)]);
    return { app, site, child, port, pid: pid ?? child.pid ?? 0, isCommand: launch.program === 'command-runner', gone };
  } catch (error) {
    await stopChild(child, 0);
    if (late.aborted) throw new Error(`it was not ready after ${request.deadlineS} s`);
    throw error;
  }
}

function listening(child: ChildProcess): Promise<{ port: number; pid?: number }> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: { kind?: string; port?: number; pid?: number; why?: string }) => {
      if (message.kind === 'listening' && message.port !== undefined)
        resolve({ port: message.port, ...(message.pid !== undefined && { pid: message.pid }) });
      if (message.kind === 'failed') reject(new Error(message.why));
    });
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const say = () => reject(new Error('the start was called off'));
    if (signal.aborted) say();
    else signal.addEventListener('abort', say, { once: true });
  });
}

async function ready(port: number, nonce: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if ((await answerOf(port, signal)) === nonce) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function answerOf(port: number, signal: AbortSignal): Promise<string | undefined> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(2000)]);
    const response = await fetch(`http://127.0.0.1:${port}/ready`, { signal: limited, headers: { connection: 'close' } });
    const body = (await response.text()).slice(0, 200).trim();
    return response.ok ? body : undefined;
  } catch {
    // Not listening yet, or slow: asked again until the deadline, which carries the reason.
    return undefined;
  }
}

export function isServing(instance: Instance | undefined): instance is Instance {
  return instance !== undefined && isAlive(instance.child);
}

/** Longer than a request may take, so that a drain is not cut short. */
export async function stopInstance(instance: Instance): Promise<void> {
  await stopChild(instance.child, 12_000);
}
