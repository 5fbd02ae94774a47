import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { KubernetesFailure } from './failure.ts';
import { Refusal } from './refusal.ts';

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 50;

/**
 * Does a step that reads and then writes. Somebody else's write in between, or an answer that never came, leads to a fresh look: what is already
 * done is found there and not done again. `tried` tells whether an earlier attempt may have got through.
 */
export async function withFreshLooks<T>(step: (tried: boolean) => Promise<T>): Promise<T> {
  let tried = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await step(tried);
    } catch (error) {
      if (!(error instanceof KubernetesFailure)) throw error;
      if (error.conflicts.length > 0)
        throw new Refusal(
          'NotPermitted',
          `somebody else has set it: ${error.conflicts.map(({ message, field }) => `${field} (${message})`).join(', ')}`,
        );
      const again = error.kind === 'Conflict' || error.kind === 'Unreachable';
      if (!again || attempt >= ATTEMPTS) throw error;
      tried ||= error.kind === 'Unreachable';
      await sleep(FIRST_WAIT_MS * attempt + randomInt(FIRST_WAIT_MS));
    }
  }
}

/** One at a time per app in this process; other processes are kept apart by the version that was read. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(app: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(app) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.catch(() => undefined);
    this.#last.set(app, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(app) === settled) this.#last.delete(app);
    }
  }
}
