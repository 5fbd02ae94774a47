import { isDeepStrictEqual } from 'node:util';
import { AppRunner } from './app-runner.ts';
import type { RunnerHost } from './app-runner.ts';
import type { Launch } from './children.ts';
import { ask } from './ipc.ts';
import type { Log } from './log.ts';
import { Neighbours } from './neighbours.ts';
import { chooseMode } from './preflight.ts';
import { Refusal } from './refusal.ts';
import type { ServiceSpec } from './service-spec.ts';
import { SiteWatch } from './site-watch.ts';
import { sitesOf } from './spec.ts';
import type { LocalApp, LocalSpec } from './spec.ts';
import { saveState } from './state.ts';
import type { SiteMode, State } from './state.ts';
import { Traffic } from './traffic.ts';

const DRAIN_MS = 15_000;
const SERVICE: NonNullable<LocalApp['service']> = { workMs: 6, warmUp: 0 };

/** Everything that runs: the children of the daemon, kept as its state says. */
export class LocalCluster {
  readonly state: State;
  readonly runners = new Map<string, AppRunner>();
  readonly watches = new Map<string, SiteWatch>();
  readonly traffic: Traffic;
  readonly log: Log;
  neighbours: Neighbours | undefined;
  readonly #dir: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(dir: string, state: State, log: Log) {
    this.#dir = dir;
    this.state = state;
    this.log = log;
    this.traffic = new Traffic(log);
  }

  /** Everything as it was when the last daemon ended. */
  async start(): Promise<void> {
    await this.traffic.start();
    const { spec, mode } = this.state;
    if (!spec || !mode) return;
    for (const app of Object.keys(spec.apps)) await this.#openApp(app);
    await this.#startSites(spec, mode);
    for (const runner of this.runners.values()) runner.start();
  }

  async stop(): Promise<void> {
    await this.#turn.catch(() => undefined);
    // The load first, or services would wait for its connections.
    await this.traffic.stop();
    await this.#stopAll();
  }

  get spec(): LocalSpec {
    if (!this.state.spec) throw new Refusal('unknown', 'nothing is configured yet');
    return this.state.spec;
  }

  get mode(): SiteMode {
    if (!this.state.mode) throw new Refusal('unknown', 'nothing is configured yet');
    return this.state.mode;
  }

  runner(app: string): AppRunner {
    const runner = this.runners.get(app);
    if (!runner) throw new Refusal('unknown', `app: there is no app ${app} here`);
    return runner;
  }

  save(): void {
    saveState(this.#dir, this.state);
  }

  /** Brings a configuration about. One at a time; the one in force changes nothing. */
  configure(spec: LocalSpec): Promise<{ changed: boolean }> {
    const turn = this.#turn.catch(() => undefined).then(() => this.#configure(spec));
    this.#turn = turn;
    return turn;
  }

  async #configure(spec: LocalSpec): Promise<{ changed: boolean }> {
    const before = this.state.spec;
    if (before && isDeepStrictEqual(before, spec)) return { changed: false };
    this.#checkSites(spec);
    const mode = await this.#modeFor(spec);
    const rebuild =
      !isDeepStrictEqual(mode, this.state.mode) || !isDeepStrictEqual(Object.keys(spec.sites), Object.keys(before?.sites ?? {}));
    if (rebuild) {
      await this.traffic.send({});
      await this.#stopAll();
    }
    for (const app of [...this.runners.keys()].filter((name) => !Object.hasOwn(spec.apps, name))) await this.#closeApp(app);
    this.state.spec = spec;
    this.state.mode = mode;
    for (const [app, one] of Object.entries(spec.apps)) {
      const site = one.start ?? sitesOf(spec, app)[0] ?? '';
      this.state.apps[app] ??= { site, generation: 0, records: [], undone: [] };
    }
    this.save();
    for (const app of Object.keys(spec.apps).filter((name) => !this.runners.has(name))) await this.#openApp(app, true);
    if (rebuild) await this.#startSites(spec, mode);
    else await this.#adjust(before, spec, mode);
    this.log('configured', {
      apps: Object.keys(spec.apps).length,
      sites: Object.keys(spec.sites).length,
      mode: mode.kind,
      reason: mode.reason,
    });
    return { changed: true };
  }

  #checkSites(spec: LocalSpec): void {
    for (const [app, { site }] of Object.entries(this.state.apps)) {
      if (Object.hasOwn(spec.apps, app) && !Object.hasOwn(spec.sites, site))
        throw new Refusal('infeasible', `sites: ${site} cannot go while ${app} runs there`);
    }
  }

  /** A choice once made stands while what it was made for is the same, so that telemetry does not change its meaning. */
  async #modeFor(spec: LocalSpec): Promise<SiteMode> {
    const before = this.state.spec;
    const cores = (one: LocalSpec) => Object.entries(one.sites).map(([name, site]) => [name, site.core]);
    const same = before && before.sitesWanted === spec.sitesWanted && isDeepStrictEqual(cores(before), cores(spec));
    return same && this.state.mode ? this.state.mode : chooseMode(spec, this.state.iterationsPerMs);
  }

  async #adjust(before: LocalSpec | undefined, spec: LocalSpec, mode: SiteMode): Promise<void> {
    if (!isDeepStrictEqual(before?.neighbours, spec.neighbours)) {
      await this.neighbours?.stop();
      this.#startNeighbours(spec, mode);
    }
    const changed = [...this.runners.values()].filter(({ name }) => {
      const [old, now] = [before?.apps[name], spec.apps[name]];
      return old !== undefined && !isDeepStrictEqual([old.service, old.command], [now?.service, now?.command]);
    });
    await Promise.all(changed.map((runner) => runner.renew()));
    await this.updateLoad();
  }

  async #startSites(spec: LocalSpec, mode: SiteMode): Promise<void> {
    for (const site of Object.keys(spec.sites)) {
      const core = mode.cores[site];
      const place = core === undefined ? { factor: () => this.#factor(site) } : { core };
      this.watches.set(site, new SiteWatch({ site, ...place, iterationsPerMs: this.state.iterationsPerMs, log: this.log }));
    }
    // An agent that fails is tried again for ever, and its site is not ready meanwhile.
    const failed = (error: unknown) => this.log('the agent of a site does not start', { why: (error as Error).message });
    await Promise.all([...this.watches.values()].map((watch) => watch.start().catch(failed)));
    this.#startNeighbours(spec, mode);
  }

  #startNeighbours(spec: LocalSpec, mode: SiteMode): void {
    this.neighbours = undefined;
    for (const site of Object.keys(spec.sites)) this.#slow(site, 1);
    if (!spec.neighbours) return;
    this.neighbours = new Neighbours({
      pattern: spec.neighbours,
      sites: spec.sites,
      mode,
      slow: (site, factor) => this.#slow(site, factor),
      log: this.log,
    });
    this.neighbours.start();
  }

  #factor(site: string): number {
    return 1 + (this.neighbours?.burden(site) ?? 0);
  }

  #slow(site: string, factor: number): void {
    if (this.state.mode?.kind !== 'simulated') return;
    this.watches.get(site)?.slow(factor);
    for (const { serving } of this.runners.values()) {
      // A process that is just going away is told by its successor's start; a user's command cannot be slowed.
      if (serving?.site === site && !serving.isCommand) ask(serving.child, 'factor', { factor }).catch(() => undefined);
    }
  }

  async #openApp(app: string, start = false): Promise<void> {
    const state = this.state.apps[app];
    if (!state) return;
    state.port = await this.traffic.open(app, state.port);
    this.save();
    const runner = new AppRunner(app, state, this.#host());
    this.runners.set(app, runner);
    if (start) runner.start();
  }

  async #closeApp(app: string): Promise<void> {
    await this.runners.get(app)?.stop();
    this.runners.delete(app);
    delete this.state.apps[app];
    this.save();
    await this.traffic.close(app);
    await this.updateLoad();
  }

  async #stopAll(): Promise<void> {
    await this.neighbours?.stop();
    this.neighbours = undefined;
    await Promise.all([...this.runners.values()].map((runner) => runner.stop()));
    this.runners.clear();
    await Promise.all([...this.watches.values()].map((watch) => watch.stop()));
    this.watches.clear();
  }

  #host(): RunnerHost {
    return {
      launch: (app, site) => this.#launch(app, site),
      deadlineS: (app) => (this.spec.apps[app]?.command ? 300 : 60 + (this.spec.apps[app]?.service?.warmUp ?? 0)),
      point: async (app, port) => {
        const answer = await this.traffic.point(app, port);
        await this.updateLoad();
        const site = this.runners.get(app)?.serving?.site;
        if (site !== undefined) this.#slow(site, this.#factor(site));
        return answer;
      },
      drain: (app) => this.traffic.drain(app, DRAIN_MS),
      lostSoFar: (app) => this.traffic.lostSoFar(app),
      save: () => this.save(),
      log: this.log,
    };
  }

  #launch(app: string, site: string): Launch {
    const spec = this.spec.apps[app];
    const core = this.mode.cores[site];
    const place = core !== undefined && { core };
    if (spec?.command) return { program: 'command-runner', ...place, env: { BERTH_COMMAND: JSON.stringify(spec.command) } };
    const simulated = this.mode.kind === 'simulated';
    const { workMs, warmUp } = spec?.service ?? SERVICE;
    const iterations = simulated ? 0 : Math.max(1, Math.round(workMs * this.state.iterationsPerMs));
    const service: ServiceSpec = { workMs, warmUpS: warmUp, iterations, simulated, factor: this.#factor(site) };
    return { program: 'service', ...place, env: { BERTH_SERVICE: JSON.stringify(service) } };
  }

  /** Sends each app that has served once the load that is set for it. */
  async updateLoad(): Promise<void> {
    const targets = Object.entries(this.spec.apps).flatMap(([app, { load }]) => {
      const port = this.traffic.port(app);
      const rate = this.state.apps[app]?.rate ?? load.rate * this.mode.rateFactor;
      return port === undefined || !this.traffic.isOpen(app) ? [] : [[app, { port, path: load.path, rate }] as const];
    });
    await this.traffic.send(Object.fromEntries(targets));
  }
}
