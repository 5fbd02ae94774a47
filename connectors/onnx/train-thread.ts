import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { BacktestState } from '../../learning/backtest.ts';
import type { TrainInput, TrainProgress, TrainResult } from '../../learning/train.ts';

export interface TrainThreadOptions {
  /** Aborting ends the thread at once; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Hands over what was learned so far, after every fold. */
  readonly onState?: (state: BacktestState) => void;
  /** Seconds after which learners finish with what they have; at three times that the thread is ended. Absent: no budget. */
  readonly budgetS?: number;
  /** URL of the compiled learning/train.js; absent: the one built beside this file. */
  readonly module?: string;
}

type Message =
  | { readonly kind: 'progress'; readonly progress: TrainProgress }
  | { readonly kind: 'state'; readonly state: BacktestState }
  | { readonly kind: 'done'; readonly result: TrainResult }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };

const SOURCE = `
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const { module, input, budgetMs } = workerData;
const deadline = budgetMs === undefined ? Infinity : Date.now() + budgetMs;
import(module).then(({ trainCounterfactual }) => {
  const isOver = () => Date.now() >= deadline;
  const onProgress = (progress) => parentPort.postMessage({ kind: 'progress', progress });
  const onState = (state) => parentPort.postMessage({ kind: 'state', state });
  parentPort.postMessage({ kind: 'done', result: trainCounterfactual({ ...input, isOver, onProgress, onState }) });
}).catch((error) => parentPort.postMessage({ kind: 'failed', name: String(error && error.name || 'Error'), message: String(error && error.message || error) }));
`;

const HEAP_MB = 2048;

/** Trains off the main thread. Errors of the trainer keep their name and message; one that ends with the budget is named `TrainingTimedOut`. */
export async function trainInThread(
  input: Omit<TrainInput, 'isOver' | 'onProgress' | 'onState'>,
  options: TrainThreadOptions = {},
): Promise<TrainResult> {
  options.signal?.throwIfAborted();
  const module = options.module ?? builtModule();
  const budgetMs = options.budgetS === undefined ? undefined : options.budgetS * 1000;
  const worker = new Worker(SOURCE, {
    eval: true,
    workerData: { module, input, budgetMs },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return new Promise<TrainResult>((resolve, reject) => {
    const onAbort = (): void =>
      finish(() => reject(options.signal?.reason instanceof Error ? options.signal.reason : new Error('training was cancelled')));
    const late = budgetMs === undefined ? undefined : setTimeout(() => finish(() => reject(timedOut(options.budgetS!))), 3 * budgetMs);
    let ended = false;
    const finish = (end: () => void): void => {
      // Ending the thread makes it exit, which must not overrule the answer that was just given.
      if (ended) return;
      ended = true;
      clearTimeout(late);
      options.signal?.removeEventListener('abort', onAbort);
      void worker.terminate().then(end, end);
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    worker.on('message', (message: Message) => {
      if (message.kind === 'progress') options.onProgress?.(message.progress);
      else if (message.kind === 'state') options.onState?.(message.state);
      else if (message.kind === 'done') finish(() => resolve(message.result));
      else finish(() => reject(Object.assign(new Error(message.message), { name: message.name })));
    });
    worker.on('error', (error) => finish(() => reject(error)));
    worker.on('exit', (code) => finish(() => reject(new Error(`training thread ended with code ${code} before it was done`))));
  });
}

function builtModule(): string {
  const url = new URL('../../learning/train.js', import.meta.url);
  if (!existsSync(fileURLToPath(url))) throw new Error(`${fileURLToPath(url)} is not there: training in a thread needs the compiled build`);
  return url.href;
}

function timedOut(budgetS: number): Error {
  return Object.assign(new Error(`training took more than three times its budget of ${budgetS} s`), { name: 'TrainingTimedOut' });
}
