import type { ChildProcess } from 'node:child_process';
import { exited, isAlive, stopChild } from './children.ts';
import type { Log } from './log.ts';

/** A child of which there must always be one: started again, later and later, when it goes. */
export class Supervised {
  #child: ChildProcess | undefined;
  #isUp = false;
  #stopped = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  readonly #name: string;
  readonly #start: () => ChildProcess;
  readonly #up: (child: ChildProcess) => Promise<void>;
  readonly #log: Log;

  /** `up` tells a fresh child what it must know; it is not used before that is done. */
  constructor(part: { name: string; start: () => ChildProcess; up: (child: ChildProcess) => Promise<void>; log: Log }) {
    this.#name = part.name;
    this.#start = part.start;
    this.#up = part.up;
    this.#log = part.log;
  }

  /** Undefined while it is down. */
  get child(): ChildProcess | undefined {
    return this.#isUp && this.#child && isAlive(this.#child) ? this.#child : undefined;
  }

  /** Resolves when the first child is up; rejects when that one fails. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#loop = this.#run(resolve, reject);
    });
  }

  async #run(firstUp: () => void, firstFailed: (error: Error) => void): Promise<void> {
    for (let waitMs = 100; !this.#stopped; waitMs = Math.min(waitMs * 2, 5000)) {
      const child = this.#start();
      this.#child = child;
      const gone = exited(child);
      const startedMs = Date.now();
      try {
        await Promise.race([this.#up(child), gone.then((how) => Promise.reject(new Error(`${this.#name}: ${how}`)))]);
        this.#isUp = true;
        firstUp();
      } catch (error) {
        firstFailed(error as Error);
        await stopChild(child, 0);
      }
      const how = await gone;
      this.#isUp = false;
      if (this.#stopped) return;
      this.#log('a child ended and is started again', { child: this.#name, how });
      if (Date.now() - startedMs > 10_000) waitMs = 100;
      await this.#pause(waitMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    if (this.#child) await stopChild(this.#child, 0);
    await this.#loop;
  }
}
