import type { ChildProcess } from 'node:child_process';
import { startChild } from './children.ts';
import { ask } from './ipc.ts';
import type { LatencyReport, Tick } from './latency.ts';
import type { Target } from './load.ts';
import type { Log } from './log.ts';
import { Supervised } from './supervised.ts';

interface Address {
  /** Of the stable address. */
  port: number;
  upstream?: number;
}

/** The proxy and the load generator: two processes that are told everything again when they come back. */
export class Traffic {
  readonly #addresses = new Map<string, Address>();
  #targets: Readonly<Record<string, Target>> = {};
  readonly #proxy: Supervised;
  readonly #load: Supervised;

  constructor(log: Log) {
    const proxy = {
      name: 'proxy',
      start: () => startChild({ program: 'proxy', env: {} }),
      up: (child: ChildProcess) => this.#tellProxy(child),
      log,
    };
    const load = {
      name: 'load',
      start: () => startChild({ program: 'load', env: {} }),
      up: (child: ChildProcess) => ask<void>(child, 'targets', this.#targets),
      log,
    };
    this.#proxy = new Supervised(proxy);
    this.#load = new Supervised(load);
  }

  async start(): Promise<void> {
    await Promise.all([this.#proxy.start(), this.#load.start()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#proxy.stop(), this.#load.stop()]);
  }

  async #tellProxy(child: ChildProcess): Promise<void> {
    for (const [app, address] of this.#addresses) {
      const { port } = await ask<{ port: number }>(child, 'listen', { app, port: address.port });
      address.port = port;
      if (address.upstream !== undefined) await ask(child, 'point', { app, port: address.upstream });
    }
  }

  /** The stable port of an app: the one it had, unless somebody else has taken it. */
  async open(app: string, wanted: number | undefined): Promise<number> {
    const { port } = await ask<{ port: number }>(up(this.#proxy, 'proxy'), 'listen', {
      app,
      ...(wanted !== undefined && { port: wanted }),
    });
    this.#addresses.set(app, { port });
    return port;
  }

  async close(app: string): Promise<void> {
    this.#addresses.delete(app);
    await ask(up(this.#proxy, 'proxy'), 'forget', { app });
  }

  port(app: string): number | undefined {
    return this.#addresses.get(app)?.port;
  }

  /** It has had an upstream: before that no load is sent. */
  isOpen(app: string): boolean {
    return this.#addresses.get(app)?.upstream !== undefined;
  }

  point(app: string, port: number): Promise<{ failed: number }> {
    const address = this.#addresses.get(app);
    // Kept even when the proxy is away: it is told when it comes back.
    if (address) address.upstream = port;
    return this.#askProxy('point', { app, port });
  }

  drain(app: string, timeoutMs: number): Promise<{ failed: number }> {
    return this.#askProxy('drain', { app, timeoutMs }, timeoutMs * 2);
  }

  lostSoFar(app: string): Promise<number> {
    return this.#askProxy('failed', { app });
  }

  async #askProxy<T>(op: string, args: unknown, timeoutMs = 10_000): Promise<T> {
    return ask<T>(up(this.#proxy, 'proxy'), op, args, timeoutMs);
  }

  async send(targets: Readonly<Record<string, Target>>): Promise<void> {
    this.#targets = targets;
    const child = this.#load.child;
    if (child) await ask(child, 'targets', targets);
  }

  async ticks(): Promise<{ load: Record<string, Tick>; proxy: Record<string, Tick> }> {
    const [load, proxy] = await Promise.all([
      ask<Record<string, Tick>>(up(this.#load, 'load generator'), 'take', {}),
      ask<Record<string, Tick>>(up(this.#proxy, 'proxy'), 'take', {}),
    ]);
    return { load, proxy };
  }

  report(range: { fromMs: number; toMs: number; boundMs: number }): Promise<Record<string, LatencyReport>> {
    return ask(up(this.#load, 'load generator'), 'report', range);
  }
}

function up(part: Supervised, name: string): ChildProcess {
  const { child } = part;
  if (!child) throw new Error(`the ${name} is being started again`);
  return child;
}
