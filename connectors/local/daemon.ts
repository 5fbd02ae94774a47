import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { LocalCluster } from './cluster.ts';
import { Collector } from './collector.ts';
import { serveControl } from './control-api.ts';
import type { Answers } from './control-api.ts';
import { takeLock, writeAddress } from './lock.ts';
import { logToStderr } from './log.ts';
import type { Log } from './log.ts';
import type { AppStatus, DaemonStatus } from './protocol.ts';
import { ScrapeQueue } from './scrape-queue.ts';
import type { Sink } from './scrape-queue.ts';
import { loadState, saveState } from './state.ts';
import type { State } from './state.ts';
import * as verbs from './verbs.ts';
import { iterationsPerMs } from './work.ts';

export interface DaemonOptions {
  /** Its folder: state, lock and address; made if absent, readable by its owner only. */
  readonly dir: string;
  /** Where scrapes go, one per `telemetry.step`. It may fail: see `ScrapeQueue`. */
  readonly sink: Sink;
  readonly log?: Log;
}

export interface Daemon {
  readonly url: string;
  /** Ends everything it started; what is configured stays on disk. */
  stop(): Promise<void>;
  /** Resolves when it has stopped, by `stop()` or by a request. */
  readonly stopped: Promise<void>;
}

/** Runs the small cluster of a folder in this process. Rejects when another daemon has the folder. */
export async function runDaemon({ dir, sink, log = logToStderr }: DaemonOptions): Promise<Daemon> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  const unlock = await takeLock(dir);
  return bringUp({ dir, sink, log }).then(
    ({ url, ended, stop }) => ({ url, stop, stopped: ended.then(unlock) }),
    (error: unknown) => {
      unlock();
      throw error;
    },
  );
}

async function bringUp({
  dir,
  sink,
  log,
}: Required<DaemonOptions>): Promise<{ url: string; ended: Promise<void>; stop: () => Promise<void> }> {
  const cluster = new LocalCluster(dir, stateOf(dir), log);
  const queue = new ScrapeQueue(sink, log);
  const startedMs = Date.now();
  let finish: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (finish = resolve));
  const token = randomBytes(32).toString('hex');
  const answers = answersOf(
    cluster,
    () => statusOf(cluster, queue, startedMs),
    () => setImmediate(() => void stop()),
  );
  const { url, server } = await serveControl({ token, answers, log });
  const endScraping = scrapeFor(cluster, queue, log);
  let forget: () => void = () => undefined;
  let stopping: Promise<void> | undefined;
  const stopAll = async () => {
    endScraping();
    queue.stop();
    server.close();
    server.closeIdleConnections();
    await cluster.stop();
    forget();
    finish();
  };
  const stop = () => (stopping ??= stopAll());
  await cluster.start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  forget = writeAddress(dir, { pid: process.pid, url, token, startedMs });
  log('daemon is up', { pid: process.pid, url });
  return { url, ended, stop };
}

function stateOf(dir: string): State {
  const found = loadState(dir);
  if (found) return found;
  const fresh: State = { version: 1, iterationsPerMs: iterationsPerMs(), apps: {} };
  saveState(dir, fresh);
  return fresh;
}

function answersOf(cluster: LocalCluster, status: () => DaemonStatus, stop: () => void): Answers {
  return {
    status,
    configure: (spec) => cluster.configure(spec),
    sites: () => verbs.sites(cluster),
    placements: ({ apps }) => verbs.placements(cluster, apps),
    feasibility: ({ apps }) => verbs.feasibility(cluster, apps),
    observe: ({ app }) => verbs.observe(cluster, app),
    snapshot: ({ app }) => verbs.snapshot(cluster, app),
    'dry-run': (change) => verbs.dryRun(cluster, change),
    apply: (change) => verbs.apply(cluster, change),
    ready: (change) => verbs.ready(cluster, change),
    restore: (request) => verbs.restore(cluster, request),
    load: (request) => verbs.setLoad(cluster, request),
    report: (range) => verbs.report(cluster, range),
    stop: () => {
      stop();
      return {};
    },
  };
}

function statusOf(cluster: LocalCluster, queue: ScrapeQueue, startedMs: number): DaemonStatus {
  const { mode, spec } = cluster.state;
  const apps = [...cluster.runners].map(([name, runner]): [string, AppStatus] => {
    const { site, ready, busy, generation } = verbs.observe(cluster, name);
    const port = cluster.traffic.port(name);
    const pid = runner.serving?.pid;
    return [
      name,
      {
        site: site ?? '',
        ready,
        generation,
        ...(busy !== undefined && { busy }),
        ...(port !== undefined && { url: `http://127.0.0.1:${port}` }),
        ...(pid !== undefined && { pid }),
      },
    ];
  });
  return {
    pid: process.pid,
    startedMs,
    configured: spec !== undefined,
    ...(mode && { mode: { kind: mode.kind, reason: mode.reason, rateFactor: mode.rateFactor } }),
    apps: Object.fromEntries(apps),
    scrapes: { delivered: queue.delivered, waiting: queue.waiting, dropped: queue.dropped },
  };
}

/** One scrape at every multiple of the step. A slow one is never overtaken by the next; a missed one is missing. */
function scrapeFor(cluster: LocalCluster, queue: ScrapeQueue, log: Log): () => void {
  const collector = new Collector(() => ({
    mode: cluster.mode,
    watches: cluster.watches,
    runners: cluster.runners,
    burden: (site) => cluster.neighbours?.burden(site) ?? 0,
    ticks: () => cluster.traffic.ticks(),
    log,
  }));
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const next = () => {
    const stepMs = (cluster.state.spec?.stepS ?? 1) * 1000;
    const atMs = Math.floor(Date.now() / stepMs + 1) * stepMs;
    timer = setTimeout(() => void scrape(atMs).finally(() => ended || next()), atMs - Date.now());
  };
  const scrape = async (atMs: number) => {
    if (!cluster.state.spec || cluster.watches.size === 0) return;
    await collector.scrape(atMs).then(
      (made) => queue.push(made),
      (error: unknown) => log('a scrape failed', { why: (error as Error).message }),
    );
  };
  next();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
