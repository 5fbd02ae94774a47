import { isNew, siteStatementOf, statementOf, type ControllerState } from './controller-state.ts';
import { readOperatorMessage, readSiteMessage, untilOf, type Read } from './guards.ts';
import type { OperatorMessage, SiteMessage } from './messages.ts';
import { clock } from './text.ts';

/** What one message of an operator does to a controller; its signal and its update share it. */
export interface Verb<M extends OperatorMessage> {
  readonly read: (raw: unknown) => Read<M>;
  /** Why it makes no sense here; undefined = it does. */
  readonly objection: (own: ControllerState, message: M, nowMs: number) => string | undefined;
  /** Changes the state and says what is now true. */
  readonly apply: (own: ControllerState, message: M, nowMs: number) => string;
}

const until = (ms: number | undefined) => (ms === undefined ? 'until it is taken back' : `until ${new Date(ms).toISOString()}`);

const past = (message: OperatorMessage, nowMs: number) => {
  const ms = untilOf(message, nowMs);
  return ms !== undefined && ms <= nowMs ? `until lies in the past (${new Date(ms).toISOString()})` : undefined;
};

const strangeSite = (own: ControllerState, site: string) =>
  own.facts && !own.facts.sites.includes(site)
    ? `${site} is not a site of ${own.app}; its sites are ${own.facts.sites.join(', ')}`
    : undefined;

const underWay = ({ moving, facts }: ControllerState) =>
  moving ? `; the move to ${moving.to} that is under way will ${facts?.onPause === 'revert' ? 'be reverted' : 'finish'}` : '';

const pause: Verb<OperatorMessage> = {
  read: readOperatorMessage,
  objection: (_own, message, nowMs) => past(message, nowMs),
  apply(own, message, nowMs) {
    own.paused = statementOf(message, nowMs);
    return `${own.app} is paused ${until(own.paused.untilMs)}${underWay(own)}`;
  },
};

const freeze: Verb<OperatorMessage> = {
  read: readOperatorMessage,
  objection: (_own, message, nowMs) => past(message, nowMs),
  apply(own, message, nowMs) {
    own.frozen = statementOf(message, nowMs);
    return `${own.app} stays where it is ${until(own.frozen.untilMs)}, whoever wants it elsewhere${underWay(own)}`;
  },
};

const unfreeze: Verb<OperatorMessage> = {
  read: readOperatorMessage,
  objection: () => undefined,
  apply(own) {
    const was = own.frozen !== undefined;
    delete own.frozen;
    return was ? `${own.app} may be moved again` : `${own.app} was not frozen`;
  },
};

const resume: Verb<OperatorMessage> = {
  read: readOperatorMessage,
  objection: () => undefined,
  apply(own) {
    const was = own.held !== undefined ? 'held' : own.paused ? 'paused' : undefined;
    delete own.paused;
    delete own.held;
    return was === undefined ? `${own.app} was not paused` : `${own.app} goes on; it was ${was}`;
  },
};

const override: Verb<SiteMessage> = {
  read: readSiteMessage,
  objection: (own, message, nowMs) =>
    past(message, nowMs) ??
    strangeSite(own, message.site) ??
    (own.facts?.off ? `${own.app} is turned off; enable it first` : undefined) ??
    (own.frozen ? `${own.app} is frozen where it is by ${own.frozen.by}: ${own.frozen.reason}; unfreeze it first` : undefined) ??
    (own.excluded.some((s) => s.site === message.site) ? `${message.site} is excluded; include it first` : undefined),
  apply(own, message, nowMs) {
    own.override = siteStatementOf(message, nowMs);
    delete own.tried;
    return `${own.app} is to be on ${message.site} ${until(own.override.untilMs)}`;
  },
};

const clearOverride: Verb<OperatorMessage> = {
  read: readOperatorMessage,
  objection: () => undefined,
  apply(own) {
    const was = own.override?.site;
    delete own.override;
    delete own.tried;
    return was === undefined ? `${own.app} had no override` : `${own.app} is no longer overridden to ${was}`;
  },
};

const exclude: Verb<SiteMessage> = {
  read: readSiteMessage,
  objection: (own, message, nowMs) =>
    past(message, nowMs) ??
    strangeSite(own, message.site) ??
    (own.override?.site === message.site ? `${own.app} is overridden to ${message.site}; clear that first` : undefined),
  apply(own, message, nowMs) {
    const statement = siteStatementOf(message, nowMs);
    own.excluded = [...own.excluded.filter((s) => s.site !== message.site), statement];
    return `${own.app} will not be moved to ${message.site} ${until(statement.untilMs)}`;
  },
};

const include: Verb<SiteMessage> = {
  read: readSiteMessage,
  objection: (own, message) => strangeSite(own, message.site),
  apply(own, message) {
    const was = own.excluded.length;
    own.excluded = own.excluded.filter((s) => s.site !== message.site);
    return was === own.excluded.length ? `${message.site} was not excluded` : `${own.app} may be moved to ${message.site} again`;
  },
};

export const verbs = { pause, resume, freeze, unfreeze, override, clearOverride, exclude, include } as const;

export type Outcome = { readonly ok: true; readonly said: string } | { readonly ok: false; readonly why: string };

/** Reads, judges and applies one raw message. A second delivery of the same id changes nothing and says so. */
export function obey<M extends OperatorMessage>(own: ControllerState, verb: Verb<M>, raw: unknown, nowMs: number): Outcome {
  const message = judge(own, verb, raw, nowMs);
  if (!message.ok) return message;
  if (!isNew(own, message.value.id)) return { ok: true, said: `message ${message.value.id ?? ''} was already taken` };
  const said = verb.apply(own, message.value, nowMs);
  own.seq++;
  own.recent.unshift(`${clock(nowMs)} ${said} (${message.value.by}: ${message.value.reason})`.slice(0, 300));
  own.recent.length = Math.min(own.recent.length, 5);
  return { ok: true, said };
}

/** Everything that can be said against a message without changing anything: what an update's validator needs. */
export function judge<M extends OperatorMessage>(own: ControllerState, verb: Verb<M>, raw: unknown, nowMs: number): Read<M> {
  const message = verb.read(raw);
  if (!message.ok) return message;
  const why = verb.objection(own, message.value, nowMs);
  return why === undefined ? message : { ok: false, why };
}
