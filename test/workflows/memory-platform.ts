import type { Change, Platform } from '../../connectors/ports.ts';
import { claimOf } from '../../domain/claim-of.ts';
import type { Placement, Snapshot } from '../../domain/records.ts';

export type Verb = 'observe' | 'snapshot' | 'dryRun' | 'apply' | 'ready' | 'restore' | 'placements' | 'feasibility';

/** What is to go wrong with one app; a test sets and clears it. */
export interface Faults {
  /** The dry run answers with this refusal. */
  refuse?: string;
  /** Starts fail with these words. */
  startFails?: string;
  /** Only starts on this site fail; absent: on every site. */
  startFailsOn?: string;
  /** A start never ends. */
  hang?: boolean;
  /** The scheduler's own word against a site. */
  infeasible?: { site: string; why: string };
  /** Someone else's rollout is under way. */
  busy?: string;
  /** Calls left that throw, per verb. */
  readonly throws: Partial<Record<Verb, number>>;
  /** Calls that fail for good, in a way that no retry will change. */
  hopeless?: Verb;
  /** Calls left that do their work and then throw, as if the answer were lost. */
  readonly lostReplies: Partial<Record<Verb, number>>;
}

export interface Switch {
  readonly kind: 'apply' | 'restore';
  readonly decisionId: string;
  readonly from: string;
  readonly to: string;
}

export interface MemoryPlatform extends Platform {
  faults(app: string): Faults;
  /** Every effective switch of an app, oldest first. */
  switches(app: string): readonly Switch[];
  /** Every call on the actuator for an app, oldest first. */
  calls(app: string): readonly Verb[];
  siteOf(app: string): string;
  /** All that a move may change and an undo must bring back. */
  originalOf(app: string): Readonly<Record<string, unknown>>;
  /** Someone moves the app behind berth's back. */
  elsewhere(app: string, site: string): void;
}

/** Activities tell errors apart by the name of their class. */
class BadInput extends Error {}

interface Cell {
  readonly app: string;
  /** What a snapshot captures: all of it must come back. */
  original: { site: string; decisionId?: string; affinity: Record<string, string> };
  generation: number;
  moving?: { readonly to: string; readonly decisionId: string; readonly startedMs: number };
  readonly records: Map<string, { to: string; state: 'pending' | 'switched' | 'failed'; why?: string }>;
  /** Claims whose changes come too late. */
  readonly undone: Set<string>;
  readonly faults: Faults;
  readonly switches: Switch[];
  readonly calls: Verb[];
}

/** A cluster in memory that keeps every promise of the ports, with faults that can be switched on. `startMs`: how long a start takes. */
export function memoryPlatform(at: { sites: readonly string[]; apps: Readonly<Record<string, string>>; startMs?: number }): MemoryPlatform {
  const cells = new Map(Object.entries(at.apps).map(([app, site]) => [app, cellOf(app, site)]));
  const cell = (app: string): Cell => {
    const found = cells.get(app);
    if (!found) throw new Error(`there is no app ${app} here`);
    settle(found, at.startMs ?? 150);
    return found;
  };
  const call = <T>(verb: Verb, app: string, work: (cell: Cell) => T): Promise<T> => answered(verb, cell, { app, work });
  return {
    cluster: {
      sites: async () => at.sites.map((site) => ({ site, ready: true })),
      placements: (apps) =>
        Promise.all(apps.map((app) => (cells.has(app) ? call('placements', app, placementOf) : Promise.resolve({ app })))),
      feasibility: async (apps) =>
        (
          await Promise.all(
            apps.map((app) => (cells.has(app) ? call('feasibility', app, refusalsOf) : Promise.resolve(nowhere(app, at.sites)))),
          )
        ).flat(),
    },
    actuator: {
      observe: (app) => call('observe', app, observationOf),
      snapshot: (app) =>
        call('snapshot', app, (c) => ({ app, site: c.original.site, generation: c.generation, original: structuredClone(c.original) })),
      dryRun: (change) => call('dryRun', change.app, (c) => dryRun(c, change, at.sites)),
      apply: (change) => call('apply', change.app, (c) => apply(c, change)),
      ready: (change) => call('ready', change.app, (c) => ready(c, change)),
      restore: (snapshot, decisionId) => call('restore', snapshot.app, (c) => restore(c, snapshot, decisionId)),
    },
    load: { set: async () => undefined },
    adopt: async () => undefined,
    faults: (app) => cell(app).faults,
    switches: (app) => cell(app).switches,
    calls: (app) => cell(app).calls,
    siteOf: (app) => cell(app).original.site,
    originalOf: (app) => structuredClone(cell(app).original),
    elsewhere: (app, site) => void (cell(app).original = { ...cell(app).original, site }),
  };
}

const cellOf = (app: string, site: string): Cell => ({
  app,
  original: { site, affinity: { zone: `zone-of-${app}`, weight: '50' } },
  generation: 0,
  records: new Map(),
  undone: new Set(),
  faults: { throws: {}, lostReplies: {} },
  switches: [],
  calls: [],
});

async function answered<T>(verb: Verb, cell: (app: string) => Cell, { app, work }: { app: string; work: (cell: Cell) => T }): Promise<T> {
  const one = cell(app);
  one.calls.push(verb);
  if (used(one.faults.throws, verb)) throw new Error(`${verb} of ${app} is out of order`);
  if (one.faults.hopeless === verb) throw new BadInput(`${verb} of ${app} will never work`);
  const answer = work(one);
  if (used(one.faults.lostReplies, verb)) throw new Error(`the answer of ${verb} for ${app} was lost`);
  return answer;
}

function used(left: Partial<Record<Verb, number>>, verb: Verb): boolean {
  const n = left[verb] ?? 0;
  if (n > 0) left[verb] = n - 1;
  return n > 0;
}

function settle(cell: Cell, startMs: number): void {
  const { moving, faults } = cell;
  if (!moving || faults.hang || Date.now() < moving.startedMs + startMs) return;
  delete cell.moving;
  const record = {
    to: moving.to,
    ...(faults.startFails === undefined || (faults.startFailsOn ?? moving.to) !== moving.to
      ? { state: 'switched' as const }
      : { state: 'failed' as const, why: faults.startFails }),
  };
  cell.records.set(moving.decisionId, record);
  if (record.state === 'switched')
    switchTo(
      cell,
      { kind: 'apply', decisionId: moving.decisionId, to: moving.to },
      { ...cell.original, site: moving.to, decisionId: moving.decisionId },
    );
}

function switchTo(cell: Cell, how: Omit<Switch, 'from'>, original: Cell['original']): void {
  cell.switches.push({ ...how, from: cell.original.site });
  cell.original = original;
  cell.generation++;
}

const busyOf = ({ moving, faults }: Cell) => (moving ? `moving to ${moving.to} for ${moving.decisionId}` : faults.busy);

function placementOf(cell: Cell): Placement {
  const busy = busyOf(cell);
  return { app: cell.app, site: cell.original.site, ...(busy !== undefined && { busy }) };
}

const refusalsOf = ({ app, faults }: Cell) =>
  faults.infeasible ? [{ app, site: faults.infeasible.site, refusal: faults.infeasible.why }] : [];

const nowhere = (app: string, sites: readonly string[]) => sites.map((site) => ({ app, site, refusal: `there is no app ${app} here` }));

function observationOf(cell: Cell) {
  const busy = busyOf(cell);
  const { site, decisionId } = cell.original;
  return {
    app: cell.app,
    site,
    ready: true,
    generation: cell.generation,
    ...(busy !== undefined && { busy }),
    ...(decisionId !== undefined && { decisionId }),
  };
}

function dryRun(cell: Cell, { to }: Change, sites: readonly string[]): { ok: true } | { ok: false; refusal: string } {
  const refusal = cell.faults.refuse ?? busyOf(cell) ?? (sites.includes(to) ? undefined : `there is no site ${to}`);
  return refusal === undefined ? { ok: true } : { ok: false, refusal };
}

function apply(cell: Cell, { decisionId, to }: Change) {
  const { generation } = cell;
  if (cell.records.has(decisionId)) return { applied: false, generation };
  if (cell.undone.has(claimOf(decisionId))) throw new Error(`${decisionId} was undone before it came`);
  if (cell.moving) throw new Error(`${cell.app} is ${busyOf(cell)}`);
  if (cell.original.site === to) {
    cell.records.set(decisionId, { to, state: 'switched' });
    return { applied: false, generation };
  }
  cell.records.set(decisionId, { to, state: 'pending' });
  cell.moving = { to, decisionId, startedMs: Date.now() };
  return { applied: true, generation };
}

function ready(cell: Cell, { decisionId, to }: Change) {
  const record = cell.records.get(decisionId);
  if (!record) return { ready: false, failed: `decision ${decisionId} was never applied` };
  if (record.state === 'failed') return { ready: false, failed: record.why ?? 'unknown' };
  if (record.state === 'pending') return { ready: false };
  if (cell.original.site !== to) return { ready: false, failed: `superseded: ${cell.app} is on ${cell.original.site}` };
  return { ready: true, report: { startS: 0, switchS: 0, drainS: 0, failedRequests: 0 } };
}

function restore(cell: Cell, snapshot: Snapshot, decisionId: string) {
  const { moving } = cell;
  cell.undone.add(claimOf(decisionId));
  if (moving) {
    cell.records.set(moving.decisionId, { to: moving.to, state: 'failed', why: `called off: ${decisionId} restores ${snapshot.site}` });
    delete cell.moving;
  }
  if (cell.original.site === snapshot.site) return { restored: moving !== undefined, generation: cell.generation };
  switchTo(cell, { kind: 'restore', decisionId, to: snapshot.site }, structuredClone(snapshot.original) as Cell['original']);
  return { restored: true, generation: cell.generation };
}
