import { allocate, type AllocateInput } from './allocate.ts';
import { inForce } from './assess.ts';
import type { Decision } from './decision.ts';
import type { ControllerRow, FleetRow } from './records.ts';

/** One app that has to go, and what is known of where it could go. */
export interface Leaver {
  readonly app: string;
  readonly from: string;
  /** Sites it may run on and could be moved to. */
  readonly sites: readonly string[];
  /** Why a site cannot take it, where it cannot. */
  readonly refusals: ReadonlyMap<string, string>;
  /** Predicted QoS per site by the newest look, where that is fresh. */
  readonly predicted: ReadonlyMap<string, number>;
  /** A site must be predicted to reach this; where nothing is predicted, the move itself is judged by what it measures. */
  readonly floor: number;
  readonly controller?: ControllerRow;
  /** Moves of this drain that were undone or refused, newest first. */
  readonly failed: readonly string[];
  /** berth was told to do nothing for it. */
  readonly off?: boolean;
  /** Why somebody else should not touch it now. */
  readonly busy?: string;
}

export interface DrainInput extends Omit<AllocateInput, 'decisions'> {
  readonly leavers: readonly Leaver[];
  readonly fleet?: FleetRow;
  readonly nowMs: number;
}

export interface DrainPlan {
  readonly moves: readonly { readonly app: string; readonly from: string; readonly to: string }[];
  /** They could go, but a budget is used up by moves under way. */
  readonly waiting: readonly string[];
  /** They cannot go as things are. */
  readonly stuck: readonly { readonly app: string; readonly why: string }[];
}

/** Tries after which an app is left alone: whatever undoes its moves, a fourth will not mend it. */
const TRIES = 3;

/** Who is asked to go where now: within budgets and headroom, spread over the sites that are good enough; and who cannot go, and why. */
export function planDrain(input: DrainInput): DrainPlan {
  const apps = new Map<string, number>();
  for (const { site } of input.placements) if (site !== undefined) apps.set(site, (apps.get(site) ?? 0) + 1);
  const stuck: { app: string; why: string }[] = [];
  const wanted: Decision[] = [];
  for (const leaver of input.leavers) {
    const target = kept(leaver, input) ?? targetOf(leaver, { input, apps });
    if (typeof target === 'string') stuck.push({ app: leaver.app, why: target.slice(0, 300) });
    else wanted.push(moveOf(leaver, target.to));
    if (typeof target !== 'string') apps.set(target.to, (apps.get(target.to) ?? 0) + 1);
  }
  const allocated = allocate({ ...input, decisions: wanted });
  return {
    moves: allocated.flatMap(({ verdict, app, from, to }) =>
      verdict === 'move' && from !== undefined && to !== undefined ? [{ app, from, to }] : [],
    ),
    waiting: allocated.filter((d) => d.verdict !== 'move').map((d) => d.app),
    stuck,
  };
}

/** What an operator has said, or what has happened before, that keeps an app where it is. */
function kept({ app, controller, failed, busy, off }: Leaver, { fleet, nowMs }: DrainInput): string | undefined {
  const said = (what: string, by: { by: string; reason: string; untilMs?: number } | undefined) =>
    by && inForce(by, nowMs) ? `${what} by ${by.by}: ${by.reason}` : undefined;
  const { held, pause, frozen, override } = controller ?? {};
  if (off) return `${app} is turned off`;
  if (held !== undefined) return `${app} is held: ${held}`;
  if (failed.length >= TRIES) return `${failed.length} moves of it failed; the last: ${failed[0] ?? 'unknown'}`;
  return (
    said('the fleet is paused', fleet?.pause) ??
    said('the fleet is frozen', fleet?.frozen) ??
    said(`${app} is paused`, pause) ??
    said(`${app} is frozen`, frozen) ??
    said(`${app} is overridden to ${override?.site ?? ''}`, override) ??
    (busy === undefined ? undefined : `the workload is busy: ${busy}`)
  );
}

/** The emptiest site that is good enough, the better one of two; else why there is none. */
function targetOf(leaver: Leaver, { input, apps }: { input: DrainInput; apps: ReadonlyMap<string, number> }): { to: string } | string {
  const { app, sites, predicted, floor } = leaver;
  if (sites.length === 0) return `${app} may run on no other site`;
  const reasons: string[] = [];
  const good: string[] = [];
  for (const site of sites) {
    const why = whyNot(leaver, site, input);
    if (why === undefined) good.push(site);
    else reasons.push(`${site}: ${why}`);
  }
  const best = good.sort(
    (a, b) => (apps.get(a) ?? 0) - (apps.get(b) ?? 0) || (predicted.get(b) ?? floor) - (predicted.get(a) ?? floor) || (a < b ? -1 : 1),
  )[0];
  return best === undefined ? reasons.join('; ') : { to: best };
}

function whyNot({ refusals, predicted, floor, controller }: Leaver, site: string, { fleet, nowMs }: DrainInput): string | undefined {
  const refusal = refusals.get(site);
  if (refusal !== undefined) return refusal;
  const excluded = [...(fleet?.excluded ?? []), ...(controller?.excluded ?? [])].find((e) => e.site === site && inForce(e, nowMs));
  if (excluded) return `excluded by ${excluded.by}: ${excluded.reason}`;
  if ((controller?.quarantine ?? []).some((q) => q.site === site && q.untilMs > nowMs)) return 'a move there was undone a short time ago';
  const qos = predicted.get(site);
  return qos !== undefined && qos < floor ? `would score ${qos.toFixed(2)}, below ${floor.toFixed(2)}` : undefined;
}

/** As the allocator wants it: the budget gate is the only one that a drain leaves to it. */
function moveOf({ app, from }: Leaver, to: string): Decision {
  return {
    id: `${app}-drain`,
    app,
    lookMs: 0,
    verdict: 'move',
    reason: 'ok',
    from,
    to,
    horizonS: 0,
    predictor: 'none',
    policyVersion: 0,
    candidates: [],
    gates: [],
  };
}
