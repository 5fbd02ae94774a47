import { setTimeout as wait } from 'node:timers/promises';

import type { ScheduleHandle } from '@temporalio/client';

import { scheduleIds } from '../../activities/schedules.ts';
import type { LookRow } from '../../domain/records.ts';
import { applyConfig } from '../commands/apply.ts';
import { absentCluster, type AbsentCluster } from './absent-cluster.ts';
import { WINDOW_TICKS, appName, fleetConfig, isHot, siteNames, stepOf, type FleetShape } from './fleet.ts';
import { registerModels } from './models.ts';
import { scrapeOf } from './scene.ts';
import { onStage, type Stage } from './stage.ts';

/** A fleet on a stage: configured, its models registered, a window of telemetry behind it and more coming; its Schedule waits. */
export interface Fleet extends Stage {
  readonly shape: FleetShape;
  readonly schedule: ScheduleHandle;
  readonly model: Awaited<ReturnType<typeof registerModels>>;
  /** The first look scheduled after `afterMs` that has ended. Rejects after `deadlineS`. */
  nextLook(afterMs: number, deadlineS: number): Promise<LookRow>;
  /** Until no move is open. */
  settled(deadlineS: number): Promise<void>;
}

export interface Where {
  readonly dir: string;
  readonly say: (line: string) => void;
}

export async function playFleet<T>(shape: FleetShape, where: Where, play: (fleet: Fleet) => Promise<T>): Promise<T> {
  return await onStage({ ...where, sites: shape.sites }, async (stage) => {
    const { store, client } = stage;
    const config = fleetConfig(shape);
    await store.applyConfig(config, 'bench', Date.now());
    await store.maintain(Date.now());
    const model = await registerModels(shape, stage);
    const feeder = await startFeeder(shape, stage, where.say);
    try {
      await applyConfig(config, { store, client, by: 'bench' });
      const schedule = client.schedule.getHandle(scheduleIds.look);
      await schedule.pause('until the measurement begins');
      return await play({
        ...stage,
        shape,
        schedule,
        model,
        nextLook: (afterMs, deadlineS) => nextLook(stage, afterMs, deadlineS),
        settled: (s) => settled(stage, s),
      });
    } finally {
      await feeder.stop();
    }
  });
}

const POLL_MS = 50;

async function nextLook({ store }: Stage, afterMs: number, deadlineS: number): Promise<LookRow> {
  for (const deadline = Date.now() + deadlineS * 1000; Date.now() < deadline; await wait(POLL_MS)) {
    const look = (await store.looks(afterMs + 1, Date.now())).find((row) => row.closedMs !== undefined);
    if (look) return look;
  }
  throw new Error(`no look ended within ${deadlineS} s after ${new Date(afterMs).toISOString()}`);
}

async function settled({ store }: Stage, deadlineS: number): Promise<void> {
  for (const deadline = Date.now() + deadlineS * 1000; Date.now() < deadline; await wait(500)) {
    if ((await store.openClaims()).length === 0) return;
  }
  throw new Error(`moves are still open after ${deadlineS} s`);
}

/** Milliseconds before a step's end at which it is scraped, so that its rows are there when a look reads them. */
const leadMsOf = (stepS: number): number => Math.min(2000, Math.round((1000 * stepS) / 3));

export interface Feeder {
  /** Ends it. Throws what a write failed with. */
  stop(): Promise<void>;
}

/** Writes a window of the past, then a scrape of every site and app per step. */
export async function startFeeder(
  shape: FleetShape,
  stage: Pick<Stage, 'store' | 'databaseUrl'>,
  say: (line: string) => void,
): Promise<Feeder> {
  const stepMs = 1000 * stepOf(shape);
  const leadMs = leadMsOf(stepOf(shape));
  const sites = siteNames(shape.sites);
  const apps = Array.from({ length: shape.apps }, (_, i) => appName(i));
  const absent = absentCluster({ url: stage.databaseUrl, sites });
  const beganMs = Date.now();
  const nextMs = Math.ceil((beganMs + leadMs) / stepMs) * stepMs - leadMs;
  try {
    for (let k = WINDOW_TICKS; k > 0; k--) await scrape(nextMs - k * stepMs);
  } catch (error) {
    await absent.close();
    throw error;
  }
  say(`  ${WINDOW_TICKS} steps of telemetry of ${shape.apps} apps written in ${((Date.now() - beganMs) / 1000).toFixed(1)} s`);
  const stopping = new AbortController();
  const ended = goOn(nextMs).finally(() => absent.close());
  ended.catch(() => undefined);
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };

  async function scrape(atMs: number): Promise<void> {
    const placed = await placementsOf(absent, apps);
    await stage.store.appendScrape(scrapeOf(atMs, { sites, apps: placed, isHot: (site) => isHot(site, atMs, shape) }));
  }

  async function goOn(fromMs: number): Promise<void> {
    for (let atMs = fromMs; ; atMs += stepMs) {
      await wait(Math.max(0, atMs - Date.now()), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await scrape(atMs);
    }
  }
}

async function placementsOf({ cluster }: AbsentCluster, apps: readonly string[]): Promise<{ app: string; site: string }[]> {
  return (await cluster.placements(apps)).flatMap(({ app, site }) => (site === undefined ? [] : [{ app, site }]));
}
