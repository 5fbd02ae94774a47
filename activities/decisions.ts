import { setImmediate as breathe } from 'node:timers/promises';

import { log } from '@temporalio/activity';

import { allocate, type AllocateInput } from '../domain/allocate.ts';
import { breakerOf } from '../domain/breaker.ts';
import type { DecideInput } from '../domain/decide-input.ts';
import { decide } from '../domain/decide.ts';
import type { Decision, Proposal } from '../domain/decision.ts';
import { evidenceFor } from '../domain/evidence.ts';
import { summariseDecision } from '../domain/explain.ts';
import type { AppliedConfig, LookRow, Placement } from '../domain/records.ts';
import { MOVES_READ, movesCountS, movesSoFar } from '../domain/moves-so-far.ts';
import { type Sight, sightOf } from '../domain/sight.ts';
import { isStanding, isUnasked } from '../domain/standing.ts';
import { beating } from './beating.ts';
import type { ControlDeps } from './deps.ts';
import { appNames, configured } from './looks.ts';
import { Tally } from './meter.ts';
import { intervalOf } from './look-interval.ts';

/** Apps decided between two chances for everything else in the process, so that a pause does not wait for the fleet. */
const BREATH = 50;

export const decisionActivities = (deps: ControlDeps) => ({
  /** Decides for the whole fleet in one place and writes it down in one transaction. A look that is decided is returned unchanged. */
  async decideFleet({ lookMs }: { lookMs: number }): Promise<{ counts: Record<string, number>; again: boolean }> {
    return await beating(() => decideAll(deps, lookMs));
  },
});

async function decideAll(deps: ControlDeps, lookMs: number): Promise<{ counts: Record<string, number>; again: boolean }> {
  const applied = await configured(deps.store);
  const { look, previousMs } = await deps.store.openLook({
    lookMs,
    configVersion: applied.version,
    openedMs: deps.clock(),
    recordOnly: false,
  });
  if (look.decidedMs !== undefined) return await deps.store.writeDecisions(lookMs, [], [], look.decidedMs);
  const known = await gather(deps, applied, lookMs);
  const intervalS = await intervalOf(deps.client, applied);
  const proposals: Proposal[] = [];
  const sight = sightOf(known.predictionOf.values(), applied.config, Math.max(0, (deps.clock() - lookMs) / 1000));
  const tally = new Tally();
  const at = { applied, look, known, intervalS, sight, ...(previousMs !== undefined && { previousMs }) };
  const decisions = decideEach(deps, at, (decision) => {
    tally.add(decision);
    const nowMs = deps.clock();
    if (!look.recordOnly && isNews(decision, known, { previousMs, nowMs })) proposals.push(proposalOf(decision, applied, nowMs));
  });
  const written = await deps.store.writeDecisions(lookMs, decisions, proposals, deps.clock);
  if (!written.again) deps.meter?.decided({ lookMs, tally });
  return written;
}

/** Decisions one by one, so that a large fleet's are never held at once: only the moves, which come last because they are weighed against each other. */
async function* decideEach(
  { clock }: ControlDeps,
  at: Omit<At, 'app' | 'nowMs'>,
  note: (decision: Decision) => void,
): AsyncGenerator<Decision> {
  const { known, applied } = at;
  const moves: Decision[] = [];
  for (const [index, app] of known.apps.entries()) {
    if (index % BREATH === BREATH - 1) await breathe();
    const input = inputOf({ ...at, app, nowMs: clock() });
    const decision = input && decide(input);
    if (decision?.verdict === 'move') moves.push(decision);
    else if (decision) {
      note(decision);
      yield decision;
    }
  }
  for (const decision of allocate({ decisions: moves, claims: known.claims, placements: known.placements, ...limitsOf(applied) })) {
    note(decision);
    yield decision;
  }
}

/** A recommendation is told once, not at every look while it stands. */
function isNews(
  decision: Decision,
  { pastOf, controllerOf }: Known,
  { previousMs, nowMs }: { previousMs: number | undefined; nowMs: number },
): boolean {
  if (decision.verdict !== 'move' && decision.verdict !== 'recommend') return false;
  if (decision.reason === 'approval') return isUnasked(decision, controllerOf.get(decision.app), nowMs);
  const before = pastOf.get(decision.app)?.find((p) => p.lookMs === previousMs);
  return !isStanding(decision, before);
}

function limitsOf({ config }: AppliedConfig): Pick<AllocateInput, 'budgets' | 'namespaces' | 'capacity'> {
  return {
    budgets: config.budgets,
    namespaces: new Map(Object.entries(config.apps).map(([app, spec]) => [app, spec.namespace])),
    capacity: new Map(
      Object.entries(config.sites).flatMap(([site, spec]) => (spec.maxApps === undefined ? [] : [[site, spec.maxApps] as const])),
    ),
  };
}

/** Everything the fleet's decisions look at, read once. */
async function gather({ store, cluster }: ControlDeps, applied: AppliedConfig, lookMs: number) {
  const apps = appNames(applied);
  // The look before is needed in any case: what it recommended is not proposed again.
  const longest = Math.max(1, ...Object.values(applied.config.policies).map((p) => p.sustained.of - 1));
  const [predictions, past, controllers, fleet, evidence, claims, ends, moves, placements, refusals] = await Promise.all([
    store.readPredictions(lookMs),
    store.pastDecisions(lookMs, longest),
    store.controllers(),
    store.fleet(),
    store.evidence(),
    store.openClaims(),
    store.endedMoves(applied.config.breaker.last),
    store.moveRecords({ sinceMs: lookMs - movesCountS(applied.config) * 1000, limit: MOVES_READ }),
    // Those that are turned off take room as well.
    ...askCluster(cluster, { everywhere: Object.keys(applied.config.apps), apps }),
  ]);
  return {
    apps,
    fleet,
    evidence: by(evidence, (e) => e.key),
    claims,
    ends,
    moves,
    movesOf: by(moves, (m) => m.app),
    placements,
    predictionOf: new Map(predictions.map((p) => [p.app, p])),
    pastOf: by(past, (p) => p.app),
    controllerOf: new Map(controllers.map((c) => [c.app, c])),
    placementOf: new Map(placements.map((p) => [p.app, p])),
    refusalsOf: by(refusals, (r) => r.app),
    // The same for every app that may run anywhere: made once, and not 50 objects for each.
    everySite: Object.keys(applied.config.sites).flatMap((site) => siteOf(applied.config, site)),
  };
}

/** Where the apps are and could be. Of a cluster that does not answer nothing is known, and every decision says so. */
function askCluster(cluster: ControlDeps['cluster'], { everywhere, apps }: { everywhere: readonly string[]; apps: readonly string[] }) {
  const unknown =
    <T>(instead: readonly T[]) =>
    (error: unknown): readonly T[] => {
      log.error('the cluster does not answer', { error });
      return instead;
    };
  return [
    cluster.placements(everywhere).catch(unknown<Placement>(everywhere.map((app) => ({ app })))),
    cluster.feasibility(apps).catch(unknown<Awaited<ReturnType<typeof cluster.feasibility>>[number]>([])),
  ] as const;
}

type Known = Awaited<ReturnType<typeof gather>>;

function siteOf({ sites }: AppliedConfig['config'], site: string): DecideInput['sites'] {
  const spec = sites[site];
  return spec ? [{ site, spec }] : [];
}

interface At {
  readonly app: string;
  readonly applied: AppliedConfig;
  readonly look: LookRow;
  readonly known: Known;
  readonly intervalS: number;
  readonly sight: Sight;
  readonly nowMs: number;
  readonly previousMs?: number;
}

function inputOf({ app, applied, look, known, intervalS, sight, nowMs, previousMs }: At): DecideInput | undefined {
  const { config } = applied;
  const spec = config.apps[app];
  const policy = spec && config.policies[spec.policy];
  const objective = spec && config.objectives[spec.objective];
  if (!spec || !policy || !objective) return undefined;
  const prediction = known.predictionOf.get(app);
  const controller = known.controllerOf.get(app);
  return {
    app,
    spec,
    policy,
    objective,
    policyVersion: applied.version,
    sites: spec.sites ? spec.sites.flatMap((site) => siteOf(config, site)) : known.everySite,
    lookMs: look.lookMs,
    nowMs,
    intervalS,
    recordOnly: look.recordOnly,
    sight,
    placement: known.placementOf.get(app) ?? { app },
    refusals: known.refusalsOf.get(app) ?? [],
    evidence: evidenceFor(known.evidence.get(spec.model ?? app) ?? [], {
      key: spec.model ?? app,
      app,
      ...(prediction?.modelVersion !== undefined && { version: prediction.modelVersion }),
    }),
    past: (known.pastOf.get(app) ?? []).slice(0, policy.sustained.of - 1),
    ...(previousMs !== undefined && { previousMs }),
    ...(prediction && { prediction }),
    ...(controller && { controller }),
    ...(known.fleet && { fleet: known.fleet }),
    ...movesSoFar({ moves: known.moves, own: known.movesOf.get(app) ?? [] }, { policy, nowMs, ...(prediction && { prediction }) }),
    breaker: breakerOf(known.ends, config.breaker, { nowMs, ...(known.fleet?.reset && { resetMs: known.fleet.reset.atMs }) }),
  };
}

function proposalOf(decision: Decision, applied: AppliedConfig, nowMs: number): Proposal {
  const policy = applied.config.policies[applied.config.apps[decision.app]?.policy ?? ''];
  return {
    decisionId: decision.id,
    app: decision.app,
    from: decision.from ?? '',
    to: decision.to ?? '',
    gain: decision.gain ?? 0,
    verdict: decision.verdict === 'move' ? 'move' : decision.reason === 'approval' ? 'approve' : 'recommend',
    expiresMs: nowMs + (policy?.freshness ?? 30) * 1000,
    reason: summariseDecision(decision).slice(0, 500),
  };
}

function by<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}
