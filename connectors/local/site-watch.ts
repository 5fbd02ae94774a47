import { startChild } from './children.ts';
import { ask } from './ipc.ts';
import type { Log } from './log.ts';
import type { ProbeSpec } from './service-spec.ts';
import { Supervised } from './supervised.ts';

const BURST_MS = 6;
const EVERY_MS = 500;
/** A site whose agent has been silent for so long is not ready: on a crowded core a burst is late, not missing. */
const SILENT_MS = 5000;

export interface SiteWatchRequest {
  readonly site: string;
  readonly core?: number;
  readonly iterationsPerMs: number;
  /** How much slower a simulated site is now; undefined = the site is real. */
  readonly factor?: () => number;
  readonly log: Log;
}

/** The agent of one site and what it has measured. */
export class SiteWatch {
  readonly #agent: Supervised;
  #ratios: number[] = [];
  #heardMs = 0;

  constructor(request: SiteWatchRequest) {
    const { site, log } = request;
    const start = () => {
      const child = startChild({
        program: 'site-agent',
        ...(request.core !== undefined && { core: request.core }),
        env: { BERTH_PROBE: probeOf(request) },
      });
      this.#heardMs = Date.now();
      child.on('message', (message: { kind?: string; ratio?: number }) => {
        if (message.kind === 'probe' && message.ratio !== undefined) this.#hear(message.ratio);
      });
      return child;
    };
    this.#agent = new Supervised({
      name: `agent of ${site}`,
      start,
      up: async (child) => void (await ask(child, 'factor', { factor: request.factor?.() ?? 1 })),
      log,
    });
  }

  start(): Promise<void> {
    return this.#agent.start();
  }

  async stop(): Promise<void> {
    await this.#agent.stop();
  }

  slow(factor: number): void {
    const { child } = this.#agent;
    // An agent that is just going away is told by its next start.
    if (child) ask(child, 'factor', { factor }).catch(() => undefined);
  }

  #hear(ratio: number): void {
    this.#heardMs = Date.now();
    this.#ratios.push(ratio);
    this.#ratios.splice(0, this.#ratios.length - 1000);
  }

  /** Why the site cannot be used; undefined = it answers. */
  get problem(): string | undefined {
    if (!this.#agent.child) return 'not ready: its agent is being started again';
    const silentMs = Date.now() - this.#heardMs;
    return silentMs > SILENT_MS ? `not ready: its agent has been silent for ${Math.round(silentMs / 1000)} s` : undefined;
  }

  /** Median of the ratios since the last call; undefined when there was none. */
  take(): number | undefined {
    const sorted = this.#ratios.sort((a, b) => a - b);
    this.#ratios = [];
    return sorted[Math.floor((sorted.length - 1) / 2)];
  }
}

function probeOf(request: SiteWatchRequest): string {
  const simulated = request.factor !== undefined;
  const iterations = simulated ? 0 : Math.round(BURST_MS * request.iterationsPerMs);
  return JSON.stringify({
    iterations,
    burstMs: BURST_MS,
    everyMs: EVERY_MS,
    simulated,
    factor: request.factor?.() ?? 1,
  } satisfies ProbeSpec);
}
