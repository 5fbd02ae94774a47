import { availableParallelism } from 'node:os';

import type { LookRow } from '../../domain/records.ts';
import type { FleetShape } from './fleet.ts';
import { countRunning, lookIds, lookStages, moveEvents, quantile } from './histories.ts';
import { playFleet, type Fleet, type Where } from './play-fleet.ts';
import { readUsage, watchMemory, type UsageByPart } from './usage.ts';

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
}
export interface LookFigures {
  readonly shape: FleetShape;
  readonly looks: number;
  /** From the scheduled time to the closed look. */
  readonly wallS: Quantiles;
  /** The look before the measured ones, with cold caches. */
  readonly firstS: number;
  readonly startS: Quantiles;
  readonly openS: Quantiles;
  readonly predictS: Quantiles;
  readonly decideS: Quantiles;
  readonly proposeS: Quantiles;
  readonly missed: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly eventsPerLook: number;
  readonly events: { readonly move: number; readonly controller: number } | null;
  readonly movesPerLook: number;
  readonly controllers: number;
  /** Per look, the moves it set off included; `bench` is the feeder of telemetry. Empty where the machine does not tell. */
  readonly cpuS: Readonly<Record<string, number>>;
  readonly memoryMb: Readonly<Record<string, number>>;
  /** Share of all cores, over the interval. */
  readonly share: number;
  readonly growthMb: { readonly temporal: number; readonly postgres: number };
  readonly model: Fleet['model'];
}

/** Looks before the measured ones: the first only observes, and a move takes two that agree. */
const WARM_UP = 3;

/** Looks of a running Schedule at a fleet of one shape, with the moves that they set off. */
export async function measureLook(shape: FleetShape, looks: number, where: Where): Promise<LookFigures> {
  return await playFleet(shape, where, async (fleet) => {
    const memory = watchMemory(fleet.pids);
    const beganMs = Date.now();
    await fleet.schedule.unpause();
    const patienceS = 10 * shape.everyS + 120;
    const first = await fleet.nextLook(beganMs, patienceS);
    let last = first;
    for (let i = 1; i < WARM_UP; i++) last = await fleet.nextLook(last.lookMs, patienceS);
    const before = {
      usage: readUsage(fleet.pids()),
      sizes: await fleet.sizes(),
      moves: (await fleet.store.claims({ limit: 1_000_000 })).length,
    };
    const fromMs = last.lookMs;
    for (let i = 0; i < looks; i++) {
      last = await fleet.nextLook(last.lookMs, patienceS);
      where.say(`  look ${i + 1} of ${looks}: ${seconds(last).toFixed(2)} s ${JSON.stringify(last.counts ?? {})}`);
    }
    const rows = await fleet.store.looks(fromMs + 1, last.lookMs);
    await fleet.schedule.pause('measured');
    await fleet.settled(300);
    const usage = perLook(before.usage, readUsage(fleet.pids()), rows.length);
    const moves = (await fleet.store.claims({ limit: 1_000_000 })).length - before.moves;
    return await figures(fleet, { rows, first, fromMs, cpuS: usage, memoryMb: memory.stop(), sizes: before.sizes, moves });
  });
}

const seconds = ({ lookMs, closedMs }: LookRow): number => ((closedMs ?? NaN) - lookMs) / 1000;

function perLook(before: UsageByPart | undefined, after: UsageByPart | undefined, looks: number): Record<string, number> {
  if (!before || !after) return {};
  const parts = Object.entries(after).map(([part, { cpuS }]) => [part, (cpuS - (before[part]?.cpuS ?? 0)) / looks] as const);
  return { ...Object.fromEntries(parts), sum: parts.filter(([part]) => part !== 'bench').reduce((sum, [, s]) => sum + s, 0) };
}

interface Seen {
  readonly rows: readonly LookRow[];
  readonly first: LookRow;
  readonly fromMs: number;
  readonly cpuS: Record<string, number>;
  readonly memoryMb: Record<string, number>;
  readonly sizes: { temporal: number; postgres: number };
  readonly moves: number;
}

async function figures(fleet: Fleet, seen: Seen): Promise<LookFigures> {
  const { rows, fromMs } = seen;
  const { everyS } = fleet.shape;
  const toMs = rows.at(-1)?.lookMs ?? fromMs;
  const stages = await lookStages(fleet.client, await lookIds(fleet.client, { fromMs: fromMs + 1, toMs }));
  const spread = (values: readonly number[]): Quantiles => ({ p50: quantile(values, 0.5), p95: quantile(values, 0.95) });
  const events = await moveEvents(fleet);
  const sizes = await fleet.sizes();
  const grown = (part: 'temporal' | 'postgres'): number => (sizes[part] - seen.sizes[part]) / 2 ** 20 / rows.length;
  return {
    shape: fleet.shape,
    looks: rows.length,
    wallS: spread(rows.map(seconds)),
    firstS: seconds(seen.first),
    startS: spread(rows.map((r) => (r.openedMs - r.lookMs) / 1000)),
    openS: spread(stages.map((s) => s.openS)),
    predictS: spread(stages.map((s) => s.predictS)),
    decideS: spread(stages.map((s) => s.decideS)),
    proposeS: spread(stages.map((s) => s.proposeS)),
    missed: Math.round((toMs - fromMs) / 1000 / everyS) - rows.length,
    counts: rows.at(-1)?.counts ?? {},
    eventsPerLook: quantile(
      stages.map((s) => s.events),
      0.5,
    ),
    events: events ? { move: events.move, controller: events.controller } : null,
    movesPerLook: seen.moves / rows.length,
    controllers: await countRunning(fleet.client, 'placementController'),
    cpuS: seen.cpuS,
    memoryMb: seen.memoryMb,
    share: (seen.cpuS['sum'] ?? NaN) / everyS / availableParallelism(),
    growthMb: { temporal: grown('temporal'), postgres: grown('postgres') },
    model: fleet.model,
  };
}
