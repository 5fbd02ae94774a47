import type { ChildProcess } from 'node:child_process';

interface Ask {
  readonly ask: number;
  readonly op: string;
  readonly args: unknown;
}
interface Answer {
  readonly answer: number;
  readonly value?: unknown;
  readonly error?: string;
}
interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const waitingOf = new WeakMap<ChildProcess, Map<number, Waiting>>();
let lastAsk = 0;

/** Asks a child of ours over its IPC channel. Rejects when the child goes, or does not answer in time. */
export function ask<T>(child: ChildProcess, op: string, args: unknown, timeoutMs = 10_000): Promise<T> {
  const waiting = waitingOf.get(child) ?? listen(child);
  const id = (lastAsk += 1);
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(new Error(`process ${child.pid} did not answer ${op} in ${timeoutMs} ms`))),
      timeoutMs,
    );
    const settle = (then: () => void) => {
      clearTimeout(timer);
      waiting.delete(id);
      then();
    };
    waiting.set(id, { resolve: (value) => settle(() => resolve(value as T)), reject: (error) => settle(() => reject(error)) });
    if (!child.connected) return settle(() => reject(new Error(`process ${child.pid} is gone`)));
    child.send({ ask: id, op, args } satisfies Ask, (error) => {
      if (error) waiting.get(id)?.reject(error);
    });
  });
}

function listen(child: ChildProcess): Map<number, Waiting> {
  const waiting = new Map<number, Waiting>();
  waitingOf.set(child, waiting);
  child.on('message', (message) => {
    if (!isAnswer(message)) return;
    const one = waiting.get(message.answer);
    if (message.error !== undefined) one?.reject(new Error(message.error));
    else one?.resolve(message.value);
  });
  const gone = () => {
    for (const one of [...waiting.values()]) one.reject(new Error(`process ${child.pid} went away`));
  };
  child.on('disconnect', gone);
  child.on('exit', gone);
  return waiting;
}

function isAnswer(message: unknown): message is Answer {
  return typeof message === 'object' && message !== null && 'answer' in message;
}

export type Handlers = Readonly<Record<string, (args: never) => unknown>>;

/** The child's side: answers what the daemon asks, and dies with it, so that no process is left over. */
export function answer(handlers: Handlers): void {
  process.on('disconnect', () => process.exit(0));
  // The daemon may have gone while this program was still being loaded, and nobody heard it.
  if (!process.connected) process.exit(0);
  process.on('message', (message: Ask) => {
    void reply(message, handlers);
  });
}

async function reply(message: Ask, handlers: Handlers): Promise<void> {
  const handler = handlers[message.op];
  try {
    if (!handler) throw new Error(`unknown operation ${message.op}`);
    tell({ answer: message.ask, value: await handler(message.args as never) } satisfies Answer);
  } catch (error) {
    tell({ answer: message.ask, error: error instanceof Error ? error.message : String(error) } satisfies Answer);
  }
}

/** Tells the daemon something unasked. A daemon that is gone ends this process by `disconnect`. */
export function tell(message: object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
