import type { BreakerState } from '../domain/breaker.ts';
import { siteStatementOf, statementOf } from './controller-state.ts';
import { readOperatorMessage, readSiteMessage, untilOf, type Read } from './guards.ts';
import type { OperatorMessage, SiteMessage, SiteStatement, Statement } from './messages.ts';

/** What the watch over the fleet knows; the query `state` shows it. */
export interface FleetState {
  readonly schema: 1;
  readonly maxEvents: number;
  /** Seconds between two checks. */
  readonly everyS: number;
  seq: number;
  mirrored: number;
  paused?: Statement;
  frozen?: Statement;
  excluded: SiteStatement[];
  /** What an operator said when the breaker was closed by hand; older moves count no more. */
  reset?: { readonly by: string; readonly reason: string; readonly atMs: number };
  /** As last measured. */
  breaker?: BreakerState;
  findings: string[];
  /** berth was told to do nothing for any app. */
  off?: boolean;
  seen: string[];
  ignored: number;
  stale: boolean;
  /** It has read what the one before it had mirrored. */
  known: boolean;
}

export interface FleetVerb<M extends OperatorMessage> {
  readonly read: (raw: unknown) => Read<M>;
  /** Changes the state and says what is now true. */
  readonly apply: (own: FleetState, message: M, nowMs: number) => string;
}

const until = (ms: number | undefined) => (ms === undefined ? '' : ` until ${new Date(ms).toISOString()}`);
const UNDER_WAY = '; moves under way end as the policies of their apps say';

const pause: FleetVerb<OperatorMessage> = {
  read: readOperatorMessage,
  apply(own, message, nowMs) {
    own.paused = statementOf(message, nowMs);
    return `the fleet is paused${until(own.paused.untilMs)}${UNDER_WAY}`;
  },
};

const resume: FleetVerb<OperatorMessage> = {
  read: readOperatorMessage,
  apply(own) {
    const was = own.paused !== undefined;
    delete own.paused;
    return `${was ? 'the fleet goes on' : 'the fleet was not paused'}${own.frozen ? '; it is still frozen' : ''}`;
  },
};

const freeze: FleetVerb<OperatorMessage> = {
  read: readOperatorMessage,
  apply(own, message, nowMs) {
    own.frozen = statementOf(message, nowMs);
    return `every app stays where it is${until(own.frozen.untilMs)}, whoever wants it elsewhere${UNDER_WAY}`;
  },
};

const unfreeze: FleetVerb<OperatorMessage> = {
  read: readOperatorMessage,
  apply(own) {
    const was = own.frozen !== undefined;
    delete own.frozen;
    return was ? 'apps may be moved again' : 'the fleet was not frozen';
  },
};

const exclude: FleetVerb<SiteMessage> = {
  read: readSiteMessage,
  apply(own, message, nowMs) {
    const statement = siteStatementOf(message, nowMs);
    own.excluded = [...own.excluded.filter((s) => s.site !== message.site), statement];
    return `no app will be moved to ${message.site}${until(statement.untilMs)}`;
  },
};

const include: FleetVerb<SiteMessage> = {
  read: readSiteMessage,
  apply(own, message) {
    const was = own.excluded.length;
    own.excluded = own.excluded.filter((s) => s.site !== message.site);
    return was === own.excluded.length ? `${message.site} was not excluded` : `apps may be moved to ${message.site} again`;
  },
};

const resetBreaker: FleetVerb<OperatorMessage> = {
  read: readOperatorMessage,
  apply(own, { by, reason }, nowMs) {
    const was = own.breaker?.open === true;
    own.reset = { by, reason, atMs: nowMs };
    return `${was ? 'the breaker is closed' : 'the breaker was not open'}; only moves that end from now on count for it`;
  },
};

export const fleetVerbs = { pause, resume, freeze, unfreeze, exclude, include, resetBreaker } as const;

export function judgeFleet<M extends OperatorMessage>(verb: FleetVerb<M>, raw: unknown, nowMs: number): Read<M> {
  const message = verb.read(raw);
  const untilMs = message.ok ? untilOf(message.value, nowMs) : undefined;
  return untilMs !== undefined && untilMs <= nowMs ? { ok: false, why: 'until lies in the past' } : message;
}

/** Drops what has run out. */
export function expireFleet(own: FleetState, nowMs: number): void {
  const over = (s: Statement | undefined) => s?.untilMs !== undefined && s.untilMs <= nowMs;
  const left = own.excluded.filter((s) => !over(s));
  if (!over(own.paused) && !over(own.frozen) && left.length === own.excluded.length) return;
  if (over(own.paused)) delete own.paused;
  if (over(own.frozen)) delete own.frozen;
  own.excluded = left;
  own.seq++;
}

/** The next time at which something that was said runs out. */
export function fleetExpiryMs(own: FleetState): number {
  return Math.min(...[own.paused, own.frozen, ...own.excluded].map((s) => s?.untilMs ?? Infinity));
}
