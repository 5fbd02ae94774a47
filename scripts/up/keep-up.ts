import { setTimeout as wait } from 'node:timers/promises';

/** A server of ours that is started again when it dies. */
export interface Kept {
  readonly name: string;
  readonly pid: () => number;
  /** Whether it runs now. */
  readonly lives: () => boolean | Promise<boolean>;
  /** Starts it again where it was, so that whoever was connected finds it. */
  readonly restart: () => Promise<void>;
}

const LOOK_MS = 1_000;

/** Watches servers and starts again those that have died; what cannot be started is said and tried again. Returns its stop. */
export function keepUp(parts: readonly Kept[], say: (line: string) => void): () => Promise<void> {
  const stopped = new AbortController();
  const finished = watch();
  return async () => {
    stopped.abort();
    await finished;
  };

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await wait(LOOK_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
      for (const part of parts) if (!stopped.signal.aborted) await revive(part);
    }
  }

  async function revive({ name, lives, restart }: Kept): Promise<void> {
    if (await lives()) return;
    say(`${name} has died; it is started again`);
    try {
      await restart();
      say(`${name} is back`);
    } catch (error) {
      say(`${name} does not come back: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
