import type { MoveReport, Observation, SiteState } from '../ports.ts';
import { claimOf } from '../../domain/claim-of.ts';
import type { Placement, Snapshot } from '../../domain/records.ts';
import type { LocalCluster } from './cluster.ts';
import type { LatencyReport } from './latency.ts';
import type { NeighbourSpan } from './neighbours.ts';
import type { ChangeRequest, RestoreRequest } from './protocol.ts';
import { Refusal } from './refusal.ts';
import { sitesOf } from './spec.ts';
import type { SwitchRecord } from './state.ts';

/** Long enough for a service to start twice; a caller that gives up earlier may simply ask again. */
const RESTORE_WAIT_MS = 25_000;

export function sites(cluster: LocalCluster): SiteState[] {
  return Object.keys(cluster.spec.sites).map((site) => {
    const problem = cluster.watches.get(site)?.problem;
    const refusal = siteRefusal(cluster, site, undefined);
    return { site, ready: problem === undefined, ...(refusal !== undefined && { refusal }) };
  });
}

/** Why a site takes no (further) app now. */
function siteRefusal(cluster: LocalCluster, site: string, app: string | undefined): string | undefined {
  const spec = cluster.spec.sites[site];
  if (!spec) return `there is no site ${site}`;
  const problem = cluster.watches.get(site)?.problem;
  if (problem !== undefined) return problem;
  if (spec.cordoned) return 'cordoned';
  const there = [...cluster.runners.values()].filter((one) => one.name !== app && (one.state.site === site || one.moving?.to === site));
  return spec.maxApps !== undefined && there.length >= spec.maxApps ? `full: ${there.length} of ${spec.maxApps} apps` : undefined;
}

/** An app may stay on a cordoned or full site; nobody may stay on one that does not answer. */
function refusalOf(cluster: LocalCluster, app: string, site: string): string | undefined {
  if (!sitesOf(cluster.spec, app).includes(site))
    return cluster.spec.sites[site] ? `${app} may not run on ${site}` : `there is no site ${site}`;
  if (cluster.runner(app).state.site === site) return cluster.watches.get(site)?.problem;
  return siteRefusal(cluster, site, app);
}

export function placements(cluster: LocalCluster, apps: readonly string[]): Placement[] {
  return apps.map((app) => {
    const runner = cluster.runners.get(app);
    if (!runner) return { app };
    return { app, site: runner.state.site, ...(runner.busy !== undefined && { busy: runner.busy }) };
  });
}

export function feasibility(cluster: LocalCluster, apps: readonly string[]): { app: string; site: string; refusal: string }[] {
  return apps.flatMap((app) => {
    if (!cluster.runners.has(app))
      return Object.keys(cluster.spec.sites).map((site) => ({ app, site, refusal: `there is no app ${app} here` }));
    return Object.keys(cluster.spec.sites).flatMap((site) => {
      const refusal = refusalOf(cluster, app, site);
      return refusal === undefined ? [] : [{ app, site, refusal }];
    });
  });
}

export function observe(cluster: LocalCluster, app: string): Observation {
  const { state, serving, busy } = cluster.runner(app);
  return {
    app,
    site: state.site,
    ready: serving?.site === state.site,
    ...(busy !== undefined && { busy }),
    ...(state.decisionId !== undefined && { decisionId: state.decisionId }),
    generation: state.generation,
  };
}

export function snapshot(cluster: LocalCluster, app: string): Snapshot {
  const { state } = cluster.runner(app);
  const original = { site: state.site, ...(state.decisionId !== undefined && { decisionId: state.decisionId }) };
  return { app, site: state.site, generation: state.generation, original };
}

export function dryRun(cluster: LocalCluster, change: ChangeRequest): { ok: true } | { ok: false; refusal: string } {
  const runner = cluster.runner(change.app);
  const refusal = (runner.moving && `busy: ${runner.busy}`) ?? refusalOf(cluster, change.app, change.to);
  return refusal === undefined ? { ok: true } : { ok: false, refusal };
}

function recordOf(records: readonly SwitchRecord[], kind: SwitchRecord['kind'], decisionId: string): SwitchRecord | undefined {
  return records.findLast((record) => record.kind === kind && record.decisionId === decisionId);
}

/** `applied` is false when there is nothing to do: a first call is found, or the app is there already. */
export function apply(cluster: LocalCluster, change: ChangeRequest): { applied: boolean; generation: number } {
  const runner = cluster.runner(change.app);
  const { state } = runner;
  const first = recordOf(state.records, 'apply', change.decisionId);
  if (first && first.to !== change.to)
    throw new Refusal('bad-request', `decisionId: ${change.decisionId} is a move to ${first.to}, not to ${change.to}`);
  if (first) return { applied: false, generation: state.generation };
  // It was under way when its claim was given up, and has come late.
  if (state.undone.includes(claimOf(change.decisionId)))
    throw new Refusal('infeasible', `${change.app} does not move to ${change.to}: ${change.decisionId} was undone before it came`);
  if (runner.moving) throw new Refusal('busy', `${change.app} is ${runner.busy}`);
  const refusal = refusalOf(cluster, change.app, change.to);
  if (refusal !== undefined) throw new Refusal('infeasible', `${change.app} cannot move to ${change.to}: ${refusal}`);
  if (state.site === change.to) {
    const nowMs = Date.now();
    runner.remember({
      decisionId: change.decisionId,
      kind: 'apply',
      from: state.site,
      to: change.to,
      askedMs: nowMs,
      endedMs: nowMs,
      outcome: 'nothing',
    });
    return { applied: false, generation: state.generation };
  }
  runner.begin({ kind: 'apply', decisionId: change.decisionId, to: change.to, inForce: change.decisionId }, Date.now());
  return { applied: true, generation: state.generation };
}

/** Also answers for a restore: the newest record of the decision that went to `to`. */
export function ready(cluster: LocalCluster, change: ChangeRequest): { ready: boolean; failed?: string; report?: MoveReport } {
  const { state, serving } = cluster.runner(change.app);
  const record = state.records.findLast((one) => one.decisionId === change.decisionId && one.to === change.to);
  if (!record) return { ready: false, failed: `decision ${change.decisionId} was never applied to ${change.app}` };
  if (record.outcome === 'pending') return { ready: false };
  if (record.outcome === 'failed') return { ready: false, failed: record.why ?? 'unknown' };
  if (state.site !== change.to) return { ready: false, failed: `superseded: ${change.app} is on ${state.site} now` };
  return { ready: serving?.site === change.to, ...(record.report && { report: record.report }) };
}

/**
 * Back to the snapshot, whatever is under way: a move that has not been switched is called off, one that has been is undone. Answers
 * when the app serves from there again. `restored` says whether anything had to be done.
 */
export async function restore(cluster: LocalCluster, request: RestoreRequest): Promise<{ restored: boolean; generation: number }> {
  const { decisionId, snapshot: wanted } = request;
  const runner = cluster.runner(wanted.app);
  const { state } = runner;
  if (!cluster.spec.sites[wanted.site]) throw new Refusal('infeasible', `snapshot.site: there is no site ${wanted.site}`);
  runner.closeClaim(claimOf(decisionId));
  const underWay = runner.moving;
  if (underWay?.kind === 'restore' && underWay.to === wanted.site) {
    await within(runner.settled(), wanted.site);
    return outcome(cluster, request, false);
  }
  const calledOff = await runner.callOff(`called off: decision ${decisionId} restores ${wanted.app} to ${wanted.site}`);
  if (state.site === wanted.site) return { restored: calledOff, generation: state.generation };
  if (runner.moving) throw new Refusal('busy', `${wanted.app} is ${runner.busy}`);
  runner.begin({ kind: 'restore', decisionId, to: wanted.site, inForce: wanted.original.decisionId }, Date.now());
  await within(runner.settled(), wanted.site);
  return outcome(cluster, request, true);
}

function outcome(
  cluster: LocalCluster,
  { decisionId, snapshot: wanted }: RestoreRequest,
  restored: boolean,
): { restored: boolean; generation: number } {
  const { state } = cluster.runner(wanted.app);
  if (state.site === wanted.site) return { restored, generation: state.generation };
  const why = recordOf(state.records, 'restore', decisionId)?.why ?? 'unknown';
  throw new Refusal('failed', `${wanted.app} could not be restored to ${wanted.site} and still serves from ${state.site}: ${why}`);
}

async function within(settled: Promise<void>, site: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal('busy', `still restoring to ${site}; ask again`)), RESTORE_WAIT_MS);
  });
  await Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

export async function setLoad(cluster: LocalCluster, request: { app: string; rate?: number | undefined }): Promise<object> {
  const { state } = cluster.runner(request.app);
  if (request.rate === undefined) delete state.rate;
  else state.rate = request.rate;
  cluster.save();
  await cluster.updateLoad();
  return {};
}

export interface LocalReport {
  /** Absent for an app whose generator has not begun. */
  readonly apps: Readonly<Record<string, LatencyReport>>;
  readonly moves: readonly (SwitchRecord & { readonly app: string })[];
  /** What the neighbours really did. */
  readonly neighbours: readonly NeighbourSpan[];
  readonly mode: { readonly kind: 'cores' | 'simulated'; readonly reason: string; readonly rateFactor: number };
}

export async function report(cluster: LocalCluster, range: { fromMs: number; toMs: number; boundMs: number }): Promise<LocalReport> {
  const { kind, reason, rateFactor } = cluster.mode;
  const inRange = (record: SwitchRecord) => record.askedMs < range.toMs && (record.endedMs ?? Infinity) >= range.fromMs;
  return {
    apps: await cluster.traffic.report(range),
    moves: [...cluster.runners.values()].flatMap(({ name, state }) =>
      state.records.filter(inRange).map((record) => ({ app: name, ...record })),
    ),
    neighbours: cluster.neighbours?.truth(range.fromMs, range.toMs) ?? [],
    mode: { kind, reason, rateFactor },
  };
}
