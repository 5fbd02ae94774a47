import type { MoveOrigin } from '../domain/records.ts';
import type { ControllerState } from './controller-state.ts';

export interface Wanted {
  readonly to: string;
  readonly decisionId: string;
  readonly expiresMs: number;
  readonly drainedBy?: string;
  readonly origin?: MoveOrigin;
}

/** On whose word a move would be made. */
export function originOf(own: ControllerState, { to, decisionId, drainedBy }: Wanted): MoveOrigin {
  if (drainedBy !== undefined) return 'drain';
  if (own.override?.site === to) return 'override';
  return own.approval?.decisionId === decisionId && own.approval.approved ? 'approval' : 'look';
}

/** Why this controller would not move the app now; undefined = it would. */
export function objection(own: ControllerState, wanted: Wanted, nowMs: number): string | undefined {
  const origin = wanted.origin ?? originOf(own, wanted);
  return forbidden(own) ?? outOfDate(own, wanted, { nowMs, origin }) ?? misplaced(own, wanted, { nowMs, origin });
}

/** What speaks against any move. */
function forbidden({ held, paused, frozen, moving, facts }: ControllerState): string | undefined {
  if (held !== undefined) return `held: ${held}`;
  if (facts?.off) return 'turned off (enabled: false)';
  if (paused) return `paused by ${paused.by}: ${paused.reason}`;
  if (frozen) return `frozen where it is by ${frozen.by}: ${frozen.reason}`;
  return moving && `move ${moving.decisionId} is under way`;
}

interface Case {
  readonly nowMs: number;
  readonly origin: MoveOrigin;
}

function outOfDate(own: ControllerState, { expiresMs }: Wanted, { nowMs, origin }: Case): string | undefined {
  if (expiresMs <= nowMs) return 'the proposal is too old';
  const mode = own.facts?.mode;
  return origin === 'look' && !own.override && mode !== undefined && mode !== 'automatic' ? `the mode of this app is ${mode}` : undefined;
}

function misplaced(own: ControllerState, { to }: Wanted, { nowMs, origin }: Case): string | undefined {
  if (own.override && own.override.site !== to) return `overridden to ${own.override.site} by ${own.override.by}`;
  const excluded = own.excluded.find((s) => s.site === to);
  if (excluded) return `${to} is excluded by ${excluded.by}: ${excluded.reason}`;
  if (origin !== 'override' && own.quarantine.some((q) => q.site === to && q.untilMs > nowMs))
    return `${to} is in quarantine after a move that was undone`;
  const cools = own.coolUntilMs !== undefined && own.coolUntilMs > nowMs;
  if (cools && (origin === 'look' || origin === 'approval')) return 'cooling down after the last move';
  return own.facts && !own.facts.sites.includes(to) ? `${to} is not a site of this app` : undefined;
}
