import type { ChildProcess } from 'node:child_process';
import { exited, isAlive, startChild, stopChild } from './children.ts';
import { ask } from './ipc.ts';
import type { Log } from './log.ts';
import { randomFrom } from './random.ts';
import type { LocalSpec, LocalSite } from './spec.ts';
import type { SiteMode } from './state.ts';

export type Phase = 'warm' | 'hot' | 'gap';
/** What the neighbours really did: for reports; nothing that predicts ever sees it. */
export interface NeighbourSpan {
  readonly site: string;
  readonly phase: Phase;
  readonly fromMs: number;
  readonly toMs: number;
  readonly burners: number;
}

type Pattern = NonNullable<LocalSpec['neighbours']>;

export interface NeighbourPlace {
  readonly pattern: Pattern;
  readonly sites: Readonly<Record<string, LocalSite>>;
  readonly mode: SiteMode;
  /** Tells the processes of a simulated site that they are slowed from now on. */
  readonly slow: (site: string, factor: number) => void;
  readonly log: Log;
}

const WARM_DUTY = 0.4;
const KEPT = 5000;

/** Burns CPU on one site after another: a warm-up that can be seen, a hot phase, a gap. */
export class Neighbours {
  readonly #place: NeighbourPlace;
  readonly #random: () => number;
  readonly #truth: NeighbourSpan[] = [];
  readonly #stop = new AbortController();
  #burners: ChildProcess[] = [];
  #loop: Promise<void> | undefined;

  constructor(place: NeighbourPlace) {
    this.#place = place;
    this.#random = randomFrom('neighbours');
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  truth(fromMs: number, toMs: number): readonly NeighbourSpan[] {
    return this.#truth.filter((span) => span.toMs > fromMs && span.fromMs < toMs);
  }

  /** Busy share of a simulated site that is not the apps' own. */
  burden(site: string): number {
    const span = this.#truth.at(-1);
    return span?.site === site ? burdenOf(span) : 0;
  }

  async #run(): Promise<void> {
    const names = Object.keys(this.#place.sites);
    for (let i = 0; !this.#stop.signal.aborted; i = (i + 1) % names.length) {
      const site = names[i] ?? '';
      await this.#phase(site, 'warm', 1);
      await this.#phase(site, 'hot', this.#place.pattern.burners);
      await this.#phase(site, 'gap', 0);
    }
    await this.#quiet();
  }

  async #phase(site: string, phase: Phase, burners: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const lengthMs = this.#lengthMs(phase);
    const fromMs = Date.now();
    const span = { site, phase, fromMs, toMs: fromMs + lengthMs, burners };
    this.#truth.push(span);
    this.#truth.splice(0, this.#truth.length - KEPT);
    await this.#burn(span).catch((error: unknown) => this.#place.log('a neighbour failed', { site, phase, why: (error as Error).message }));
    await this.#wait(fromMs + lengthMs - Date.now());
  }

  #lengthMs(phase: Phase): number {
    const { pattern } = this.#place;
    return pattern[phase] * 1000 * (1 + pattern.jitter * (2 * this.#random() - 1));
  }

  async #burn(span: NeighbourSpan): Promise<void> {
    if (this.#place.mode.kind === 'simulated') return this.#place.slow(span.site, 1 + burdenOf(span));
    if (span.phase === 'gap') return this.#quiet();
    const core = this.#place.mode.cores[span.site];
    while (this.#burners.length < this.#place.pattern.burners) {
      const first = this.#burners.length === 0;
      this.#burners.push(
        startChild({
          program: 'burner',
          ...(core !== undefined && { core }),
          env: { BERTH_DUTY: first && span.phase === 'warm' ? String(WARM_DUTY) : '0' },
        }),
      );
    }
    if (span.phase === 'hot') await Promise.all(this.#burners.filter(isAlive).map((child) => ask(child, 'duty', { duty: 1 })));
  }

  async #quiet(): Promise<void> {
    const burners = this.#burners;
    this.#burners = [];
    await Promise.all(burners.map((child) => stopChild(child, 0).then(() => exited(child))));
  }

  #wait(ms: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }
}

/** Fair shares: next to n busy processes everything takes n + 1 times as long. */
function burdenOf(span: NeighbourSpan): number {
  return span.phase === 'warm' ? WARM_DUTY : span.burners;
}
