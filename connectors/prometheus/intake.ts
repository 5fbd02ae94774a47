import type { Config } from '../../domain/config.ts';
import type { PrometheusConfig } from '../../domain/prometheus-config.ts';
import type { Telemetry, WindowRequest } from '../ports.ts';
import type { Store } from '../store/types.ts';
import { openAsk, type Ask } from './ask.ts';
import { readSecret, type Environment } from '../http/secret.ts';
import { inParallel } from './in-parallel.ts';
import { askRange, askSkewS } from './range.ts';
import type { Series } from './reply.ts';
import { toScrapes } from './to-scrapes.ts';
import { isUnknown, unknown, type Unknown } from './unknown.ts';

export interface IntakeOptions {
  readonly store: Store;
  readonly clock: () => number;
  /** Of the process; the token is read from it by name. */
  readonly environment: Environment;
}

export interface Intake {
  /** Brings what Prometheus has up to `toMs` (epoch ms; at most now) into the store. Failures are noted, never thrown: what is not there is unknown. */
  upTo(span: { fromMs: number; toMs: number; stepMs: number }): Promise<void>;
  close(): void;
}

/** Name of the source in the store. */
export const SOURCE = 'prometheus';
/** A clock of the server further off than this makes every age wrong. */
const SKEW_MAX_S = 30;

/** Takes telemetry from the Prometheus of the applied configuration; without one it does nothing. One at a time in a process. */
export function openIntake(options: IntakeOptions): Intake {
  const asks = new Map<string, Ask>();
  let running: Promise<void> = Promise.resolve();
  return {
    upTo(span) {
      const mine = running.then(() => take(options, asks, span));
      running = mine.catch(() => undefined);
      return mine;
    },
    close() {
      for (const ask of asks.values()) ask.close();
    },
  };
}

/** The store's telemetry, for which Prometheus is asked first about what is not in it yet. */
export function takingIn(telemetry: Telemetry, intake: Intake): Telemetry {
  const first = async (request: Omit<WindowRequest, 'apps'>): Promise<void> => intake.upTo(request);
  return {
    async windows(request) {
      await first(request);
      return await telemetry.windows(request);
    },
    async window(request) {
      await first(request);
      return await telemetry.window(request);
    },
  };
}

async function take(
  { store, clock, environment }: IntakeOptions,
  asks: Map<string, Ask>,
  span: { fromMs: number; toMs: number; stepMs: number },
): Promise<void> {
  const applied = await store.config();
  const prometheus = applied?.config.connectors.prometheus;
  if (!applied || !prometheus) return;
  const grid = await missing(store, span, clock());
  if (!grid) return;
  const ask = await askOf(asks, prometheus, environment);
  const skewS = isUnknown(ask) ? ask : await askSkewS(ask, clock);
  const off = isUnknown(skewS)
    ? skewS
    : Math.abs(skewS) <= SKEW_MAX_S
      ? undefined
      : unknown('clock-skew', `its clock is ${skewS.toFixed(0)} s ahead of this machine's`);
  if (off !== undefined || isUnknown(ask)) {
    const { reason, why } = off ?? (ask as Unknown);
    return void (await store.noteIntake({ source: SOURCE, askedMs: clock(), problems: [`${reason}: ${why}`] }));
  }
  await ingest(store, { config: applied.config, prometheus, ask, grid, clock });
}

interface Grid {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** Times of the grid, whole multiples of the step, that are asked for and not there yet; undefined = none. */
async function missing(
  store: Store,
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
  nowMs: number,
): Promise<Grid | undefined> {
  const endMs = Math.floor(Math.min(toMs, nowMs) / stepMs) * stepMs;
  const untilMs = (await store.intake(SOURCE))?.untilMs ?? -Infinity;
  const startMs = Math.max(Math.floor(untilMs / stepMs) * stepMs + stepMs, Math.floor(fromMs / stepMs) * stepMs);
  return startMs > endMs ? undefined : { startMs, endMs, stepMs };
}

interface Ingest {
  readonly config: Config;
  readonly prometheus: PrometheusConfig;
  readonly ask: Ask;
  readonly grid: Grid;
  readonly clock: () => number;
}

async function ingest(store: Store, { config, prometheus, ask, grid, clock }: Ingest): Promise<void> {
  const queries = [
    ...Object.entries(prometheus.sites).map(([name, q]) => ['sites', name, q] as const),
    ...Object.entries(prometheus.apps).map(([name, q]) => ['apps', name, q] as const),
  ];
  const answers = { sites: new Map<string, readonly Series[] | Unknown>(), apps: new Map<string, readonly Series[] | Unknown>() };
  await inParallel(queries, prometheus.parallel, async ([block, name, query]) => {
    answers[block].set(name, await askRange(ask, { query, ...grid, lookbackS: prometheus.lookback }));
  });
  const { scrapes, problems } = toScrapes(answers, {
    prometheus,
    sites: new Set(Object.keys(config.sites)),
    apps: new Set(Object.keys(config.apps)),
  });
  for (const scrape of scrapes) await store.appendScrape(scrape);
  const heard = [...answers.sites.values(), ...answers.apps.values()].some((answer) => !isUnknown(answer));
  // Where nothing was answered the same stretch is asked for again; what one query lacked stays unknown.
  await store.noteIntake({ source: SOURCE, askedMs: clock(), problems, ...(heard && { untilMs: grid.endMs }) });
}

/** The connection, with the token as it is now: a file may be exchanged. */
async function askOf(asks: Map<string, Ask>, { url, token, timeout }: PrometheusConfig, environment: Environment): Promise<Ask | Unknown> {
  let secret: string | undefined;
  try {
    secret = token && (await readSecret(token, environment));
  } catch (error) {
    return unknown('unauthorized', error instanceof Error ? error.message : 'its token cannot be read');
  }
  const key = JSON.stringify([url, timeout, secret ?? null]);
  let ask = asks.get(key);
  if (!ask) {
    for (const old of asks.values()) old.close();
    asks.clear();
    asks.set(key, (ask = openAsk({ url, timeoutMs: timeout * 1000, ...(secret !== undefined && { token: secret }) })));
  }
  return ask;
}
