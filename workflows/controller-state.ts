import type { Policy } from '../domain/config.ts';
import type { Proposal } from '../domain/decision.ts';
import type { Approval, ControllerRow, MoveOrigin } from '../domain/records.ts';
import { untilOf } from './guards.ts';
import type { MoveEnded, OperatorMessage, SiteMessage, SiteStatement, Statement } from './messages.ts';
import { clock } from './text.ts';

/** What the applied configuration says of an app, as far as its controller needs it. */
export interface AppFacts {
  readonly known: boolean;
  /** berth was told to do nothing for it. */
  readonly off?: true;
  readonly sites: readonly string[];
  readonly mode: Policy['mode'];
  readonly onPause: Policy['onPause'];
  readonly cooldown: Policy['cooldown'];
  readonly quarantineS: number;
  readonly quarantineMaxS: number;
  readonly approvalExpiresS: number;
  readonly approvalAgainS: number;
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
  readonly origin: MoveOrigin;
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
  /** Stays where it is, whoever wants it elsewhere. */
  frozen?: Statement;
  override?: SiteStatement;
  excluded: SiteStatement[];
  coolUntilMs?: number;
  /** Moves in a row without a quiet time between them. */
  coolStep: number;
  lastEndMs?: number;
  quarantine: { site: string; untilMs: number; step?: number }[];
  /** The move that waits for somebody's yes. */
  approval?: Approval;
  declined?: { to: string; untilMs: number };
  /** What became of the last yes. */
  answered?: { ok: boolean; said: string };
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
  if (row.frozen) own.frozen = row.frozen;
  if (row.override) own.override = row.override;
  if (row.approval) own.approval = row.approval;
  if (row.declined) own.declined = row.declined;
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
  return { by: message.by, reason: message.reason, sinceMs: nowMs, ...(untilMs === undefined ? {} : { untilMs }) };
}

export function siteStatementOf(message: SiteMessage, nowMs: number): SiteStatement {
  return { site: message.site, ...statementOf(message, nowMs) };
}

/** Drops what has run out by `nowMs`; true if something did. */
export function expire(own: ControllerState, nowMs: number): boolean {
  const over = (s: { untilMs?: number } | undefined) => s?.untilMs !== undefined && s.untilMs <= nowMs;
  const before = own.excluded.length + own.quarantine.length;
  own.excluded = own.excluded.filter((s) => !over(s));
  // A site where a move was undone is remembered beyond its quarantine, so that the next one is longer.
  const resetMs = (own.facts?.cooldown.reset ?? 0) * 1000;
  own.quarantine = own.quarantine.filter((q) => q.untilMs + resetMs > nowMs);
  let changed = before !== own.excluded.length + own.quarantine.length;
  if (over(own.paused)) {
    delete own.paused;
    changed = true;
  }
  if (over(own.frozen)) {
    delete own.frozen;
    changed = true;
  }
  if (own.approval && own.approval.expiresMs <= nowMs) {
    remember(own, `${clock(nowMs)} ${own.approval.from} → ${own.approval.to}: the approval ran out`);
    decline(own, nowMs);
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

/** The move that waits for a yes waits no longer, and is not put up again for a while. */
export function decline(own: ControllerState, nowMs: number, untilMs?: number): void {
  if (!own.approval) return;
  own.declined = { to: own.approval.to, untilMs: untilMs ?? nowMs + (own.facts?.approvalAgainS ?? 3600) * 1000 };
  delete own.approval;
  own.seq++;
}

/** The app was turned off: nothing waits any more. A yes that was given is answered. */
export function withdraw(own: ControllerState, nowMs: number): void {
  delete own.waiting;
  if (!own.approval) return;
  const { from, to, approved } = own.approval;
  if (approved) own.answered = { ok: false, said: 'not done: the app was turned off' };
  remember(own, `${clock(nowMs)} ${from} → ${to}: not done, the app was turned off`);
  delete own.approval;
  own.seq++;
}

/** The next time at which a statement of an operator runs out. Cool-down and quarantine need no alarm: looks read their times. */
export function nextExpiryMs(own: ControllerState): number | undefined {
  const { paused, frozen, override, approval } = own;
  const ends = [paused?.untilMs, frozen?.untilMs, override?.untilMs, approval?.expiresMs, approval?.approved?.startsMs];
  const times = [...ends, ...own.excluded.map((s) => s.untilMs)].filter((t) => t !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
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
  // What waited for a yes was about an app that was elsewhere.
  delete own.approval;
  if (ended.end === 'done') own.quarantine = own.quarantine.filter((q) => q.site !== move.to);
  else own.quarantine = quarantined(own, move.to, { nowMs, factor: cooldown.factor });
  if (ended.end === 'revert-failed') own.held = `the move ${ended.decisionId} could not be undone: ${ended.why ?? 'no reason given'}`;
}

/** The site where a move was just undone, for longer each time it happens there. */
function quarantined(own: ControllerState, site: string, { nowMs, factor }: { nowMs: number; factor: number }) {
  const { quarantineS: first, quarantineMaxS: most } = own.facts ?? { quarantineS: 600, quarantineMaxS: 86_400 };
  const before = own.quarantine.find((q) => q.site === site);
  const step = before ? (before.step ?? 0) + 1 : 0;
  const untilMs = nowMs + Math.round(Math.min(most, first * factor ** step) * 1000);
  return [...own.quarantine.filter((q) => q !== before), { site, untilMs, step }];
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
    ...(own.frozen && { frozen: own.frozen }),
    ...(own.override && { override: own.override }),
    ...(own.approval && { approval: own.approval }),
    ...(own.declined && { declined: own.declined }),
    ...(own.coolUntilMs !== undefined && { coolUntilMs: own.coolUntilMs }),
    ...(own.held !== undefined && { held: own.held }),
    ...(own.moving && { moving: own.moving.decisionId }),
  };
}

export type StateWord = 'held' | 'moving' | 'paused' | 'frozen' | 'overridden' | 'awaiting-approval' | 'off' | 'watching';

export function stateWord(own: ControllerState): StateWord {
  if (own.held !== undefined) return 'held';
  if (own.moving) return 'moving';
  if (own.facts?.off) return 'off';
  if (own.paused) return 'paused';
  if (own.frozen) return 'frozen';
  if (own.override) return 'overridden';
  return own.approval ? 'awaiting-approval' : 'watching';
}
