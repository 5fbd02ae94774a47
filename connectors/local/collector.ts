import type { Scrape } from '../../domain/records.ts';
import { CpuMeter } from './cpu-meter.ts';
import type { CpuUse } from './cpu-meter.ts';
import { ask } from './ipc.ts';
import type { Tick } from './latency.ts';
import type { Log } from './log.ts';
import { pressureS, runDelayS } from './proc.ts';
import type { AppRunner } from './app-runner.ts';
import type { SimulatedUse } from './service-spec.ts';
import type { SiteWatch } from './site-watch.ts';
import type { SiteMode } from './state.ts';

export interface Observed {
  readonly mode: SiteMode;
  readonly watches: ReadonlyMap<string, SiteWatch>;
  readonly runners: ReadonlyMap<string, AppRunner>;
  /** Busy share of a simulated site that is not the apps' own. */
  readonly burden: (site: string) => number;
  readonly ticks: () => Promise<{ load: Record<string, Tick>; proxy: Record<string, Tick> }>;
  readonly log: Log;
}

type Values = Record<string, number>;

interface Reading {
  readonly seconds: number;
  readonly cpu: CpuUse | undefined;
  readonly ticks: { load: Record<string, Tick>; proxy: Record<string, Tick> } | undefined;
  readonly pressure: number | undefined;
  /** CPU and waiting shares of the apps on simulated sites. */
  readonly uses: ReadonlyMap<string, { cpu: number; delay: number }>;
}

/**
 * Reads everything once per step. What cannot be read is absent.
 *
 * Sites: `cpu_cores` (all processes there), `probe_ratio` (a burst's wall over CPU time), `pressure_ratio` (share of time in which some
 * task waited for CPU; of the whole machine). Apps: `load` (requests per second asked for), `kpi_latency_ms` (exp of the mean log latency),
 * `kpi_p95_ms`, `kpi_failed_ratio` (share of the requests that ended with an error; those have no latency), `app_cpu_cores`, `app_rundelay_ratio`
 * (share of time its main thread waited for a core).
 */
export class Collector {
  readonly #observed: () => Observed;
  readonly #meter = new CpuMeter();
  readonly #before = new Map<string, { pid: number; value: number }>();
  #pressure: number | undefined;
  #uses = new Map<string, { pid: number; use: SimulatedUse }>();
  #readMs = performance.now();

  constructor(observed: () => Observed) {
    this.#observed = observed;
  }

  async scrape(atMs: number): Promise<Scrape> {
    const observed = this.#observed();
    const reading = await this.#read(observed);
    const sites = [...observed.watches].map(([site, watch]) => ({ site, values: this.#ofSite(site, watch, observed, reading) }));
    const apps = [...observed.runners].map(([app, runner]) => {
      const placed = runner.serving?.site;
      return { app, ...(placed !== undefined && { placed }), values: this.#ofApp(app, runner, reading, observed) };
    });
    return { atMs, sites, apps };
  }

  async #read(observed: Observed): Promise<Reading> {
    const nowMs = performance.now();
    const seconds = (nowMs - this.#readMs) / 1000;
    this.#readMs = nowMs;
    const simulated = observed.mode.kind === 'simulated';
    const cpu = this.#meter.read();
    const pressure = this.#readPressure(seconds);
    const [ticks, uses] = await Promise.all([
      observed.ticks().catch((error: unknown) => void observed.log('no traffic figures at this step', { why: (error as Error).message })),
      simulated ? this.#readUses(observed, seconds) : new Map<string, { cpu: number; delay: number }>(),
    ]);
    return { seconds, cpu, pressure, uses, ticks: ticks ?? undefined };
  }

  #readPressure(seconds: number): number | undefined {
    const total = pressureS();
    const before = this.#pressure;
    this.#pressure = total;
    return total === undefined || before === undefined || seconds <= 0 ? undefined : Math.min(1, (total - before) / seconds);
  }

  async #readUses(observed: Observed, seconds: number): Promise<Map<string, { cpu: number; delay: number }>> {
    const shares = new Map<string, { cpu: number; delay: number }>();
    const now = new Map<string, { pid: number; use: SimulatedUse }>();
    const asked = [...observed.runners].map(async ([app, { serving }]) => {
      const use = serving && !serving.isCommand && (await ask<SimulatedUse>(serving.child, 'use', {}, 1000).catch(() => undefined));
      if (!serving || !use) return;
      const before = this.#uses.get(app);
      now.set(app, { pid: serving.pid, use });
      if (!before) return;
      // Another process than last time has taken over since, and had done nothing before.
      const earlier = before.pid === serving.pid ? before.use : { cpuMs: 0, delayMs: 0 };
      shares.set(app, { cpu: (use.cpuMs - earlier.cpuMs) / seconds / 1000, delay: (use.delayMs - earlier.delayMs) / seconds / 1000 });
    });
    await Promise.all(asked);
    this.#uses = now;
    return shares;
  }

  #ofSite(site: string, watch: SiteWatch, observed: Observed, reading: Reading): Values {
    const core = observed.mode.cores[site];
    const cpu = core === undefined ? simulatedCpu(site, observed, reading) : reading.cpu?.ofCore(core);
    // The machine's pressure says nothing of a site that is only simulated.
    const pressure = core === undefined ? undefined : reading.pressure;
    return known({ cpu_cores: cpu, probe_ratio: watch.take(), pressure_ratio: pressure });
  }

  #ofApp(app: string, runner: AppRunner, reading: Reading, observed: Observed): Values {
    const tick = tickOf(app, reading);
    const traffic = {
      load: tick && tick.asked / reading.seconds,
      kpi_latency_ms: tick?.meanMs,
      kpi_p95_ms: tick?.p95Ms,
      kpi_failed_ratio: tick?.failedShare,
    };
    const { serving } = runner;
    if (!serving) return known(traffic);
    const use = reading.uses.get(app);
    if (use) return known({ ...traffic, app_cpu_cores: use.cpu, app_rundelay_ratio: Math.min(1, use.delay) });
    if (observed.mode.kind === 'simulated' && !serving.isCommand) return known(traffic);
    const waited = this.#deltaOf(app, serving.pid, runDelayS(serving.pid));
    return known({
      ...traffic,
      app_cpu_cores: reading.cpu?.ofProcess(serving.pid),
      app_rundelay_ratio: waited === undefined ? undefined : waited / reading.seconds,
    });
  }

  #deltaOf(app: string, pid: number, value: number | undefined): number | undefined {
    const before = this.#before.get(app);
    if (value === undefined) return void this.#before.delete(app);
    this.#before.set(app, { pid, value });
    return before?.pid === pid ? Math.max(0, value - before.value) : undefined;
  }
}

/** Our own load where there is any, else what others sent through the proxy. */
function tickOf(app: string, { ticks }: Reading): Tick | undefined {
  const own = ticks?.load[app];
  return own && own.asked > 0 ? own : ticks?.proxy[app];
}

function simulatedCpu(site: string, observed: Observed, reading: Reading): number | undefined {
  const here = [...observed.runners]
    .filter(([, runner]) => runner.serving?.site === site)
    .map(([app, { serving }]) => reading.uses.get(app)?.cpu ?? (serving?.isCommand ? reading.cpu?.ofProcess(serving.pid) : undefined));
  if (here.some((cpu) => cpu === undefined)) return undefined;
  return Math.min(
    1,
    here.reduce<number>((sum, cpu) => sum + (cpu ?? 0), observed.burden(site)),
  );
}

/** Absent instead of unknown: a scrape never carries NaN. */
function known(values: Readonly<Record<string, number | undefined>>): Values {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined && Number.isFinite(entry[1])),
  );
}
