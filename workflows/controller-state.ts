import type { Policy } from '../domain/config.ts';
import type { Proposal } from '../domain/decision.ts';
import type { ControllerRow } from '../domain/records.ts';
import { untilOf } from './guards.ts';
import type { MoveEnded, OperatorMessage, SiteMessage, SiteStatement, Statement } from './messages.ts';

/** What the applied configuration says of an app, as far as its controller needs it. */
export interface AppFacts {
  readonly known: boolean;
  readonly sites: readonly string[];
  readonly mode: Policy['mode'];
  readonly onPause: Policy['onPause'];
  readonly cooldown: Policy['cooldown'];
  readonly quarantineS: number;
  readonly times: MoveTimes;
}

/** Seconds of the phases of a move. */
export interface MoveTimes {
  readonly readyDeadlineS: number;
  readonly stableS: number;
  readonly soakS: number;
  readonly tolerance: number;
  readonly revertDeadlineS: number;
}

export interface OpenMove {
  readonly decisionId: string;
  readonly from: string;
  readonly to: string;
  readonly startedMs: number;
  /** When to ask what became of it, should its end not be heard. */
  readonly askMs: number;
  readonly origin: 'look' | 'override';
}

/** What one controller knows and carries over continue-as-new; the query `state` shows it. */
export interface ControllerState {
  readonly schema: 1;
  readonly app: string;
  /** Continue as new at this many events. */
  readonly maxEvents: number;
  /** Number of the state in the store's mirror: grows with every change. */
  seq: number;
  mirrored: number;
  facts?: AppFacts;
  paused?: Statement;
  override?: SiteStatement;
  excluded: SiteStatement[];
  coolUntilMs?: number;
  /** Moves in a row without a quiet time between them. */
  coolStep: number;
  lastEndMs?: number;
  quarantine: { site: string; untilMs: number }[];
  held?: string;
  waiting?: Proposal;
  moving?: OpenMove;
  lost?: string;
  /** Sites an override was tried on and refused, so that it is left to the looks to try again. */
  tried?: string;
  /** The newest decision and message ids, so that a second delivery has no second effect. */
  seen: string[];
  recent: string[];
  ignored: number;
  lastIgnored?: string;
  stale: boolean;
}

/** What starts a controller: the app's name; the rest is carried by continue-as-new. */
export type ControllerInput = { readonly app: string; readonly maxEvents?: number } | ControllerState;

const SEEN_MAX = 256;
const RECENT_MAX = 5;

export function initialState(input: ControllerInput): ControllerState {
  if ('schema' in input) return { ...input };
  return {
    schema: 1,
    app: input.app,
    maxEvents: input.maxEvents ?? 200,
    seq: 0,
    mirrored: 0,
    excluded: [],
    coolStep: 0,
    quarantine: [],
    seen: [],
    recent: [],
    ignored: 0,
    stale: true,
  };
}

/** A controller that begins anew takes over what the one before it had mirrored; one that already has a state keeps its own. */
export function adopt(own: ControllerState, row: ControllerRow | undefined): void {
  if (!row || own.seq > 0) return;
  own.seq = row.seq;
  own.mirrored = row.seq;
  own.excluded = [...row.excluded];
  own.quarantine = [...row.quarantine];
  if (row.pause) own.paused = row.pause;
  if (row.override) own.override = row.override;
  if (row.coolUntilMs !== undefined) own.coolUntilMs = row.coolUntilMs;
  if (row.held !== undefined) own.held = row.held;
  if (row.moving !== undefined) own.lost = row.moving;
}

/** True the first time an id is shown. A message without an id is always new. */
export function isNew(own: ControllerState, id: string | undefined): boolean {
  if (id === undefined) return true;
  if (own.seen.includes(id)) return false;
  own.seen.push(id);
  if (own.seen.length > SEEN_MAX) own.seen.splice(0, own.seen.length - SEEN_MAX);
  return true;
}

export function remember(own: ControllerState, line: string): void {
  own.recent.unshift(line);
  own.recent.length = Math.min(own.recent.length, RECENT_MAX);
}

export function statementOf(message: OperatorMessage, nowMs: number): Statement {
  const untilMs = untilOf(message, nowMs);
  return { by: message.by, reason: message.reason, ...(untilMs === undefined ? {} : { untilMs }) };
}

export function siteStatementOf(message: SiteMessage, nowMs: number): SiteStatement {
  return { site: message.site, ...statementOf(message, nowMs) };
}

/** Drops what has run out by `nowMs`; true if something did. */
export function expire(own: ControllerState, nowMs: number): boolean {
  const over = (s: { untilMs?: number } | undefined) => s?.untilMs !== undefined && s.untilMs <= nowMs;
  const before = own.excluded.length + own.quarantine.length;
  own.excluded = own.excluded.filter((s) => !over(s));
  own.quarantine = own.quarantine.filter((q) => !over(q));
  let changed = before !== own.excluded.length + own.quarantine.length;
  if (over(own.paused)) {
    delete own.paused;
    changed = true;
  }
  if (over(own.override)) {
    delete own.override;
    delete own.tried;
    changed = true;
  }
  if (changed) own.seq++;
  return changed;
}

/** The next time at which a statement of an operator runs out. Cool-down and quarantine need no alarm: looks read their times. */
export function nextExpiryMs(own: ControllerState): number | undefined {
  const times = [own.paused?.untilMs, own.override?.untilMs, ...own.excluded.map((s) => s.untilMs)].filter((t) => t !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Why this controller would not move the app now; undefined = it would. */
export function objection(
  own: ControllerState,
  proposal: { to: string; decisionId: string; expiresMs: number },
  nowMs: number,
): string | undefined {
  if (own.held !== undefined) return `held: ${own.held}`;
  if (own.paused) return `paused by ${own.paused.by}: ${own.paused.reason}`;
  if (own.moving) return `move ${own.moving.decisionId} is under way`;
  if (proposal.expiresMs <= nowMs) return 'the proposal is too old';
  if (!own.override && own.facts && own.facts.mode !== 'automatic') return `the mode of this app is ${own.facts.mode}`;
  if (own.override && own.override.site !== proposal.to) return `overridden to ${own.override.site} by ${own.override.by}`;
  const excluded = own.excluded.find((s) => s.site === proposal.to);
  if (excluded) return `${proposal.to} is excluded by ${excluded.by}: ${excluded.reason}`;
  if (!own.override && own.quarantine.some((q) => q.site === proposal.to && q.untilMs > nowMs))
    return `${proposal.to} is in quarantine after a move that was undone`;
  if (!own.override && own.coolUntilMs !== undefined && own.coolUntilMs > nowMs) return 'cooling down after the last move';
  if (own.facts && !own.facts.sites.includes(proposal.to)) return `${proposal.to} is not a site of this app`;
  return undefined;
}

/** Books the end of a move: cool-down with back-off, quarantine of a pair that was undone, hold when the undo failed. */
export function bookEnd(own: ControllerState, ended: MoveEnded, nowMs: number): void {
  const move = own.moving;
  if (!move || move.decisionId !== ended.decisionId) return bookStray(own, ended);
  delete own.moving;
  delete own.lost;
  own.seq++;
  if (ended.end === 'refused') {
    if (move.origin === 'override') own.tried = `${move.to}: ${ended.why ?? 'refused'}`;
    return;
  }
  const cooldown = own.facts?.cooldown ?? { initial: 60, factor: 2, max: 3600, reset: 7200 };
  const quiet = own.lastEndMs === undefined || nowMs - own.lastEndMs > cooldown.reset * 1000;
  own.coolStep = quiet ? 0 : own.coolStep + 1;
  own.lastEndMs = nowMs;
  own.coolUntilMs = nowMs + Math.round(Math.min(cooldown.max, cooldown.initial * cooldown.factor ** own.coolStep) * 1000);
  if (ended.end === 'done') return;
  own.quarantine = [
    ...own.quarantine.filter((q) => q.site !== move.to),
    { site: move.to, untilMs: nowMs + (own.facts?.quarantineS ?? 600) * 1000 },
  ];
  if (ended.end === 'revert-failed') own.held = `the move ${ended.decisionId} could not be undone: ${ended.why ?? 'no reason given'}`;
}

/** The end of a change that was not this controller's move, such as a profile: where an undo failed the app is held all the same. */
function bookStray(own: ControllerState, ended: MoveEnded): void {
  if (ended.end !== 'revert-failed' || own.held !== undefined) return;
  own.held = `${ended.decisionId} could not be undone: ${ended.why ?? 'no reason given'}`;
  own.seq++;
}

/** The state as the store mirrors it. */
export function rowOf(own: ControllerState): ControllerRow {
  return {
    app: own.app,
    seq: own.seq,
    paused: own.paused !== undefined,
    excluded: own.excluded,
    quarantine: own.quarantine,
    ...(own.paused && { pause: own.paused }),
    ...(own.override && { override: own.override }),
    ...(own.coolUntilMs !== undefined && { coolUntilMs: own.coolUntilMs }),
    ...(own.held !== undefined && { held: own.held }),
    ...(own.moving && { moving: own.moving.decisionId }),
  };
}

export function stateWord(own: ControllerState): 'held' | 'moving' | 'paused' | 'overridden' | 'watching' {
  if (own.held !== undefined) return 'held';
  if (own.moving) return 'moving';
  if (own.paused) return 'paused';
  return own.override ? 'overridden' : 'watching';
}
