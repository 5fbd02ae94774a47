import type { Scrape } from '../../domain/records.ts';
import type { Log } from './log.ts';

export type Sink = (scrape: Scrape) => Promise<void>;

const KEPT = 240;
const RETRY_MS = 1000;

/** Hands scrapes on in order. While the sink is away it keeps the newest 240 back, and counts what it had to drop. */
export class ScrapeQueue {
  readonly #sink: Sink;
  readonly #log: Log;
  readonly #waiting: Scrape[] = [];
  #running: Promise<void> | undefined;
  #stopped = false;
  #failing = false;
  dropped = 0;
  delivered = 0;

  constructor(sink: Sink, log: Log) {
    this.#sink = sink;
    this.#log = log;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  push(scrape: Scrape): void {
    this.#waiting.push(scrape);
    if (this.#waiting.length > KEPT) {
      this.#waiting.shift();
      this.dropped += 1;
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Does not wait for a sink that is away. */
  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting[0]; next && !this.#stopped; next = this.#waiting[0]) {
      try {
        await this.#sink(next);
        this.delivered += 1;
        if (this.#waiting[0] === next) this.#waiting.shift();
        this.#say(false);
      } catch (error) {
        this.#say(true, (error as Error).message);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  /** Once when it begins and once when it ends, not at every scrape. */
  #say(failing: boolean, why?: string): void {
    if (failing === this.#failing) return;
    this.#failing = failing;
    this.#log(failing ? 'scrapes cannot be stored' : 'scrapes are stored again', {
      waiting: this.waiting,
      dropped: this.dropped,
      ...(why !== undefined && { why }),
    });
  }
}
