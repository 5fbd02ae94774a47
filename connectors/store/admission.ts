import { breakerOf, breakerSentence } from '../../domain/breaker.ts';
import type { Config } from '../../domain/config.ts';
import { isEnabled } from '../../domain/enabled.ts';
import type { ClaimRequest, ControllerRow, FleetRow, Said } from '../../domain/records.ts';
import { windowAt } from '../../domain/windows.ts';
import type { Tx } from './connect.ts';
import type { Configs } from './config.ts';
import { newestEnds } from './ended-moves.ts';
import { controllerOf, fleetOf } from './mirrors.ts';

interface OpenClaim {
  readonly decision_id: string;
  readonly app: string;
  readonly namespace: string;
  readonly from_site: string;
  readonly to_site: string;
}
export type Admission = { readonly admitted: true; readonly namespace: string } | { readonly admitted: false; readonly refusal: string };

/** Judges a request by what the store knows, inside the transaction that holds the lock of claims. The first refusal is the answer. */
export async function admit(tx: Tx, request: ClaimRequest, configs: Configs): Promise<Admission> {
  const applied = await configs.inForce(tx);
  const unknown = unknownIn(request, applied?.config);
  if (unknown !== undefined || !applied) return { admitted: false, refusal: unknown ?? 'no configuration was applied' };
  const { config } = applied;
  const namespace = config.apps[request.app]?.namespace ?? 'default';
  const fleet = await fleetOf(tx);
  const open = await tx<OpenClaim[]>`select decision_id, app, namespace, from_site, to_site from claim where ended is null`;
  const refusal =
    forbidden(request, await controllerOf(tx, request.app), fleet) ??
    (await broken(tx, request, { config, fleet })) ??
    alreadyMoving(request, open) ??
    notInMode(request, config) ??
    outsideWindow(request, config) ??
    overBudget({ ...request, namespace }, config.budgets, open) ??
    (await overHeadroom(tx, request, { config, open }));
  return refusal === undefined ? { admitted: true, namespace } : { admitted: false, refusal };
}

function unknownIn({ app, from, to, origin }: ClaimRequest, config: Config | undefined): string | undefined {
  if (!config) return 'no configuration was applied';
  if (!(app in config.apps)) return `app ${app} is not in the configuration in force`;
  if (!isEnabled(config, app)) return `app ${app} is turned off (enabled: false)`;
  if (!(to in config.sites)) return `site ${to} is not in the configuration in force`;
  // A profile visits many sites under one claim, and ends where it began.
  return from === to && origin !== 'profile' ? `app ${app} would move from ${from} to the same site` : undefined;
}

function forbidden(
  { app, to, origin, nowMs }: ClaimRequest,
  controller: ControllerRow | undefined,
  fleet: FleetRow | undefined,
): string | undefined {
  const holds = (said: Said | undefined) => said !== undefined && (said.untilMs === undefined || said.untilMs > nowMs);
  const because = (said: Said | undefined) => (said ? ` by ${said.by}: ${said.reason}` : '');
  if (fleet?.paused && (!fleet.pause || holds(fleet.pause))) return `the fleet is paused${because(fleet.pause)}`;
  if (holds(fleet?.frozen)) return `the fleet is frozen${because(fleet?.frozen)}`;
  if (controller?.held !== undefined) return `app ${app} is held: ${controller.held}`;
  if (controller?.paused && (!controller.pause || holds(controller.pause))) return `app ${app} is paused${because(controller.pause)}`;
  if (holds(controller?.frozen)) return `app ${app} is frozen where it is${because(controller?.frozen)}`;
  // A profile is one claim for all its visits; it goes home in the end, excluded or not.
  if (origin === 'profile') return undefined;
  const excluded = [...(fleet?.excluded ?? []), ...(controller?.excluded ?? [])].find((e) => e.site === to && holds(e));
  return excluded && `site ${to} is excluded${because(excluded)}`;
}

async function broken(
  tx: Tx,
  { nowMs, origin }: ClaimRequest,
  { config, fleet }: { config: Config; fleet: FleetRow | undefined },
): Promise<string | undefined> {
  if (origin === 'profile') return undefined;
  const ends = await newestEnds(tx, config.breaker.last);
  const state = breakerOf(ends, config.breaker, { nowMs, ...(fleet?.reset && { resetMs: fleet.reset.atMs }) });
  return state.open ? breakerSentence(state) : undefined;
}

/** What was decided or approved under a policy that has been changed since must not move an app that may only be recommended for. */
function notInMode({ app, origin }: ClaimRequest, config: Config): string | undefined {
  const mode = config.policies[config.apps[app]?.policy ?? '']?.mode;
  if (origin === 'look' && mode !== 'automatic') return `app ${app} is not moved automatically: its mode is ${mode ?? 'unknown'}`;
  if (origin === 'approval' && mode === 'recommend') return `app ${app} is not moved: its mode has become recommend`;
  return undefined;
}

/** Windows hold what berth wants by itself, approved or not; an override, a drain and a profile are an operator's, who names the time. */
function outsideWindow({ app, origin, nowMs }: ClaimRequest, config: Config): string | undefined {
  const windows = config.policies[config.apps[app]?.policy ?? '']?.windows;
  if (!windows || (origin !== 'look' && origin !== 'approval')) return undefined;
  const { open, blackout } = windowAt(windows, nowMs);
  if (open) return undefined;
  return blackout === undefined ? `app ${app} is outside its time windows` : `app ${app} is in the blackout ${blackout}`;
}

function alreadyMoving({ app }: ClaimRequest, open: readonly OpenClaim[]): string | undefined {
  const own = open.find((claim) => claim.app === app);
  return own && `app ${app} has an open move already: ${own.decision_id}`;
}

function overBudget(
  request: ClaimRequest & { namespace: string },
  budgets: Config['budgets'],
  open: readonly OpenClaim[],
): string | undefined {
  const { from, to, namespace } = request;
  const counts = [
    ['fleet', open.length, budgets.fleet],
    [`namespace ${namespace}`, open.filter((c) => c.namespace === namespace).length, budgets.namespace],
    [`source ${from}`, open.filter((c) => c.from_site === from).length, budgets.source],
    [`destination ${to}`, open.filter((c) => c.to_site === to).length, budgets.destination],
  ] as const;
  const full = counts.find(([, used, limit]) => used >= limit);
  return full && `budget ${full[0]}: ${full[1]} of ${full[2]} moves open`;
}

/**
 * Apps that are on the site as last seen, or have an open move to it or from it: one that has just left comes back when its move is
 * undone, so its place is not free before the move has ended.
 */
async function overHeadroom(
  tx: Tx,
  { app, to }: ClaimRequest,
  { config, open }: { config: Config; open: readonly OpenClaim[] },
): Promise<string | undefined> {
  const limit = config.sites[to]?.maxApps;
  if (limit === undefined) return undefined;
  const seen = await tx<{ name: string }[]>`
    select a.name from placement p join app a on a.id = p.app join site s on s.id = p.site where s.name = ${to}`;
  const there = new Set(seen.map(({ name }) => name).filter((name) => name in config.apps));
  for (const claim of open) if (claim.to_site === to || claim.from_site === to) there.add(claim.app);
  there.delete(app);
  return there.size >= limit ? `site ${to} has no room: ${there.size} of ${limit} apps are there or on the way` : undefined;
}
