import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { SESSION_WORKER } from './session-worker.ts';

type Request =
  | { readonly verb: 'load'; readonly key: string; readonly bytes: Uint8Array }
  | { readonly verb: 'drop'; readonly key: string }
  | { readonly verb: 'run'; readonly key: string; readonly rows: Float32Array; readonly n: number; readonly width: number };

interface Reply {
  readonly id: number;
  readonly value?: Float32Array;
  readonly error?: string;
}
interface Waiting {
  readonly resolve: (value: Float32Array | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** A thread with onnxruntime in it. When it dies, what waited is rejected, `onDeath` is told, and the next call starts another. */
export interface SessionThread {
  call(request: Request): Promise<Float32Array | undefined>;
  close(): Promise<void>;
}

const HEAP_MB = 512;

/** `source` is what runs in the thread. */
export function openThread(onDeath: () => void, { source }: { source: string } = { source: SESSION_WORKER }): SessionThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let ids = 0;

  function start(): Worker {
    const runtime = createRequire(import.meta.url).resolve('onnxruntime-node');
    const started = new Worker(source, { eval: true, workerData: { runtime }, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    started.on('message', (reply: Reply) => settle(waiting, reply));
    started.on('error', (error) => died(started, error.message));
    started.on('exit', (code) => died(started, `it ended with code ${code}`));
    // An idle thread must not keep a process alive that has nothing else to do.
    started.unref();
    return started;
  }

  function died(who: Worker, why: string): void {
    if (who !== worker) return;
    worker = undefined;
    const left = [...waiting.values()];
    waiting.clear();
    onDeath();
    for (const { reject } of left) reject(new Error(`inference thread died: ${why}`));
  }

  return {
    call(request) {
      worker ??= start();
      const id = ++ids;
      const running = worker;
      running.ref();
      return new Promise<Float32Array | undefined>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        running.postMessage({ ...request, id }, request.verb === 'run' ? [request.rows.buffer as ArrayBuffer] : []);
      }).finally(() => {
        if (waiting.size === 0) running.unref();
      });
    },
    async close() {
      const closing = worker;
      worker = undefined;
      for (const { reject } of waiting.values()) reject(new Error('inference was closed'));
      waiting.clear();
      await closing?.terminate();
    },
  };
}

function settle(waiting: Map<number, Waiting>, reply: Reply): void {
  const one = waiting.get(reply.id);
  waiting.delete(reply.id);
  if (reply.error !== undefined) one?.reject(new Error(reply.error));
  else one?.resolve(reply.value);
}
