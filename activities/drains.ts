import { ApplicationFailure } from '@temporalio/activity';

import type { Config } from '../domain/config.ts';
import type { Decision } from '../domain/decision.ts';
import { isEnabled } from '../domain/enabled.ts';
import { planDrain, type Leaver } from '../domain/plan-drain.ts';
import type { AppliedConfig, Claim, Placement } from '../domain/records.ts';
import { QUEUE, workflowIds } from '../workflows/queues.ts';
import type { ControlDeps } from './deps.ts';
import { configured } from './looks.ts';
import { tell } from './tell-controller.ts';

export interface DrainAsk {
  readonly site: string;
  /** Bring back what the last drain of the site moved away. */
  readonly undo: boolean;
  readonly by: string;
  readonly reason: string;
  readonly startedMs: number;
  /** False: only say how things are. */
  readonly ask: boolean;
  /** As the last round left it. */
  readonly unanswered: Unanswered;
}

type Unanswered = readonly { readonly app: string; readonly askedMs: number; readonly untilMs: number }[];

/** How far a drain is; lists of apps are cut at 200, the counts are not. */
export interface DrainView {
  /** Apps that have still to go. */
  readonly left: number;
  /** Moves that have not ended, also of apps that are where they should be and are only watched yet. */
  readonly moving: readonly { readonly app: string; readonly to: string }[];
  readonly asked: readonly { readonly app: string; readonly to: string }[];
  readonly waiting: number;
  /** Asked before, and no move is known: their controllers may still begin one until then. Absent in rounds of older versions. */
  readonly unanswered?: Unanswered;
  readonly stuck: readonly { readonly app: string; readonly why: string }[];
  readonly moved: readonly { readonly app: string; readonly to: string }[];
}

const SHOWN_MAX = 200;
/** Newest claims that are read to tell what a drain has done. */
const CLAIMS = 1000;
/** How long what a controller was asked stands. */
const ANSWER_MS = 60_000;

export const drainActivities = (deps: ControlDeps) => ({
  /** One round of a drain: asks the controllers of as many apps as the budgets let go now, and says how far it is. */
  async drainStep(ask: DrainAsk): Promise<DrainView> {
    const applied = await configured(deps.store);
    checkSite(applied, ask.site);
    const known = await look(deps, applied);
    const going = ask.undo ? movedAway(ask.site, known) : onSite(ask.site, known);
    const open = new Set(known.open.map((c) => c.app));
    const leavers = going.filter(({ app }) => !open.has(app)).map((one) => leaverOf(one, { ask, applied, known }));
    const plan = planDrain({ ...known, ...limitsOf(applied.config), claims: known.open, leavers, nowMs: deps.clock() });
    const asked = ask.ask ? plan.moves : [];
    for (const move of asked) await propose(deps, ask, move);
    const moved = known.claims.filter((c) => isOwn(c, ask) && c.end === 'done');
    const names = new Set(going.map((g) => g.app));
    return {
      left: going.length,
      moving: known.open
        .filter((c) => names.has(c.app) || isUnderWay(c, ask))
        .map(shown)
        .slice(0, SHOWN_MAX),
      asked: asked.map(shown).slice(0, SHOWN_MAX),
      waiting: plan.waiting.length + plan.moves.length - asked.length,
      unanswered: unanswered(ask.unanswered, { asked, claims: known.claims, nowMs: deps.clock() }),
      stuck: plan.stuck.slice(0, SHOWN_MAX),
      moved: moved.map(shown).slice(0, SHOWN_MAX),
    };
  },

  /** Keeps apps from being moved to a site that is being emptied, and lets them again; what an operator excluded stays so. */
  async fenceSite({ site, on, reason }: { site: string; on: boolean; reason: string }): Promise<void> {
    checkSite(await configured(deps.store), site);
    const by = workflowIds.drain(site);
    const there = (await deps.store.fleet())?.excluded?.find((e) => e.site === site);
    if (on ? there !== undefined : there?.by !== by) return;
    await deps.client.workflow.signalWithStart('watchFleet', {
      workflowId: workflowIds.watch,
      taskQueue: QUEUE.control,
      args: [{}],
      signal: on ? 'exclude' : 'include',
      signalArgs: [{ site, by, reason }],
    });
  },
});

function checkSite({ config }: AppliedConfig, site: string): void {
  if (site in config.sites) return;
  const names = Object.keys(config.sites).slice(0, 20).join(', ');
  throw ApplicationFailure.nonRetryable(`no site is called ${site}; there are ${names}`, 'BadInput');
}

type Known = Awaited<ReturnType<typeof look>>;

async function look({ store, cluster, clock }: ControlDeps, applied: AppliedConfig) {
  const apps = Object.keys(applied.config.apps);
  // Claims before and after the placements: a move that begins or ends in between is under way, never unseen.
  const before = await store.openClaims();
  const [placements, refusals, controllers, fleet, last] = await Promise.all([
    cluster.placements(apps),
    cluster.feasibility(apps),
    store.controllers(),
    store.fleet(),
    store.lastLook(),
  ]);
  const [claims, after] = await Promise.all([store.claims({ limit: CLAIMS }), store.openClaims()]);
  const open = [...new Map([...before, ...after].map((c) => [c.decisionId, c])).values()];
  const at = last && { fromMs: last.lookMs, toMs: last.lookMs };
  const decisions = at ? await store.decisions({ limit: apps.length, ...at }) : [];
  const fresh = (d: Decision) => {
    const policy = applied.config.policies[applied.config.apps[d.app]?.policy ?? ''];
    return policy !== undefined && clock() - d.lookMs <= policy.freshness * 1000;
  };
  return {
    placements,
    refusals,
    controllers,
    claims,
    open,
    decisions: new Map(decisions.filter(fresh).map((d) => [d.app, d])),
    ...(fleet && { fleet }),
  };
}

const onSite = (site: string, { placements }: Known) => placements.filter((p) => p.site === site);

/** Apps that are where the last drain of the site brought them: moved since by anybody else, they are no longer its business. */
function movedAway(site: string, { claims, placements }: Known): Placement[] {
  const newest = new Map<string, Claim>();
  for (const claim of claims) if (!newest.has(claim.app) && claim.end !== 'refused') newest.set(claim.app, claim);
  return placements.filter((p) => {
    const claim = newest.get(p.app);
    // A way back that was undone leaves the app to be tried again, until it has failed too often.
    const back = claim?.origin === 'drain' && claim.to === site && claim.end !== 'done' && p.site === claim.from;
    return back || (claim?.origin === 'drain' && claim.from === site && claim.end === 'done' && p.site === claim.to);
  });
}

/** Whom a drain has asked without a move to be seen, so that it does not say that all is over while one is about to begin. */
function unanswered(
  before: Unanswered,
  { asked, claims, nowMs }: { asked: readonly { app: string }[]; claims: readonly Claim[]; nowMs: number },
): Unanswered {
  const first = new Map(before.map((one) => [one.app, one.askedMs]));
  const again = asked.map(({ app }) => ({ app, askedMs: first.get(app) ?? nowMs, untilMs: nowMs + ANSWER_MS }));
  const all = new Map([...before, ...again].map((one) => [one.app, one]));
  return [...all.values()].filter((one) => one.untilMs > nowMs && !claims.some((c) => c.app === one.app && c.openedMs >= one.askedMs));
}

const isOwn = (claim: Claim, { site, undo, startedMs }: DrainAsk) =>
  claim.origin === 'drain' && claim.openedMs >= startedMs && (undo ? claim.to : claim.from) === site;

/** A move whose end matters: one to or from the site, also of an app that is where it should be while its move is still watched and may be undone. */
const isUnderWay = (claim: Claim, { site, undo }: DrainAsk) =>
  (claim.from === site || claim.to === site) && (!undo || claim.origin === 'drain');

interface Ground {
  readonly ask: DrainAsk;
  readonly applied: AppliedConfig;
  readonly known: Known;
}

function leaverOf({ app, site = '', busy }: Placement, { ask, applied, known }: Ground): Leaver {
  const { config } = applied;
  const spec = config.apps[app];
  const allowed = spec?.sites ?? Object.keys(config.sites);
  const controller = known.controllers.find((c) => c.app === app);
  const candidates = known.decisions.get(app)?.candidates ?? [];
  const refusals = new Map(known.refusals.filter((r) => r.app === app).map((r) => [r.site, r.refusal]));
  for (const [name, { cordoned }] of Object.entries(config.sites)) if (cordoned) refusals.set(name, 'the site is cordoned');
  const failed = known.claims.filter((c) => c.app === app && isOwn(c, ask) && c.end !== undefined && c.end !== 'done');
  return {
    app,
    from: site,
    sites: (ask.undo ? [ask.site] : allowed).filter((name) => name !== site && allowed.includes(name)),
    refusals,
    predicted: new Map(candidates.flatMap((c) => (c.qos ? [[c.site, c.qos.p50] as const] : []))),
    floor: ask.undo ? 0 : floorOf({ config, app, present: candidates.find((c) => c.current)?.qos?.p50 }),
    failed: failed.map((c) => c.why ?? c.end ?? 'unknown'),
    ...(controller && { controller }),
    ...(!isEnabled(config, app) && { off: true }),
    ...(busy !== undefined && { busy }),
  };
}

/** A site is good enough if it meets the objective, or is no more worse than the present one than any verified move may be. */
function floorOf({ config, app, present }: { config: Config; app: string; present: number | undefined }): number {
  const spec = config.apps[app];
  const slo = config.objectives[spec?.objective ?? '']?.slo ?? 0;
  const tolerance = config.policies[spec?.policy ?? '']?.verify.tolerance ?? 0;
  return Math.max(0, Math.min(slo, present ?? slo) - tolerance);
}

async function propose({ client, clock }: ControlDeps, ask: DrainAsk, move: { app: string; from: string; to: string }): Promise<void> {
  const nowMs = clock();
  await tell(client, move.app, 'propose', {
    decisionId: `${move.app}-drain-${nowMs}`,
    ...move,
    gain: 0,
    verdict: 'move',
    expiresMs: nowMs + ANSWER_MS,
    reason: `${ask.undo ? 'drain undone' : 'drain'} of ${ask.site}: ${ask.reason}`.slice(0, 500),
    drainedBy: ask.by,
  });
}

const shown = ({ app, to }: { app: string; to: string }) => ({ app, to });

function limitsOf({ budgets, apps, sites }: Config) {
  return {
    budgets,
    namespaces: new Map(Object.entries(apps).map(([app, spec]) => [app, spec.namespace])),
    capacity: new Map(Object.entries(sites).flatMap(([site, spec]) => (spec.maxApps === undefined ? [] : [[site, spec.maxApps] as const]))),
  };
}
