import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
  type SignalDefinition,
} from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';

import { control, store } from './activity-groups.ts';
import { attributes } from './attributes.ts';
import { meanwhile, mirrored } from './controller-mirror.ts';
import { expireFleet, fleetExpiryMs, fleetVerbs, judgeFleet, type FleetState, type FleetVerb } from './fleet-verbs.ts';
import type { Read } from './guards.ts';
import { watchInput } from './inputs.ts';
import { reasonOf } from './migrate-app.ts';
import { fleetState, signals, updates, type Answer, type OperatorMessage, type Statement } from './messages.ts';
import { safeText } from './text.ts';

export type WatchInput = { readonly everyS?: number; readonly maxEvents?: number } | FleetState;

/**
 * Holds what is said of the whole fleet (pause, freeze, excluded sites, the breaker's reset), and says when a look is late, a Schedule silent, a
 * controller missing, the breaker open, a claim without a running move, or something said long ago still in force.
 */
export async function watchFleet(input: WatchInput = {}): Promise<void> {
  const own = initial(watchInput(input));
  listen(own);
  await adopt(own);
  const full = () => workflowInfo().continueAsNewSuggested || workflowInfo().historyLength >= own.maxEvents;
  while (!full()) {
    expireFleet(own, Date.now());
    await mirror(own);
    await check(own);
    own.stale = false;
    show(own);
    await condition(() => own.stale || own.mirrored < own.seq, napMs(own), { summary: 'until the next check of the fleet' });
  }
  while (!allHandlersFinished()) {
    await mirror(own);
    await condition(() => own.mirrored < own.seq || allHandlersFinished());
  }
  await mirror(own);
  await continueAsNew<typeof watchFleet>(own);
}

/** A check that fails is itself a finding: a watch that failed would take the fleet's pause with it. */
async function check(own: FleetState): Promise<void> {
  try {
    const { findings, breaker, off } = await meanwhile(own, control.checkFleet({}), () => mirror(own));
    own.findings = [...findings];
    own.off = off === true;
    if (breaker) own.breaker = breaker;
  } catch (error) {
    if (isCancellation(error)) throw error;
    own.findings = [`the fleet could not be checked: ${reasonOf(error)}`];
  }
}

function initial(input: WatchInput): FleetState {
  if ('schema' in input) return { ...input };
  return {
    schema: 1,
    maxEvents: input.maxEvents ?? 200,
    everyS: input.everyS ?? 30,
    seq: 0,
    mirrored: 0,
    excluded: [],
    findings: [],
    seen: [],
    ignored: 0,
    stale: false,
    known: false,
  };
}

/** A watch that begins anew takes over what the one before it had mirrored. Messages wait until it has. */
async function adopt(own: FleetState): Promise<void> {
  if (own.known) return;
  const row = await store.loadFleet({});
  if (row) {
    Object.assign(own, { seq: row.seq, mirrored: row.seq, excluded: [...(row.excluded ?? [])] });
    if (row.pause) own.paused = row.pause;
    if (row.frozen) own.frozen = row.frozen;
    if (row.reset) own.reset = row.reset;
  }
  own.known = true;
}

/** Once a day is enough for what is turned off: only retention is left to do. */
const OFF_S = 86_400;

const napMs = (own: FleetState) => Math.max(1, Math.min((own.off ? OFF_S : own.everyS) * 1000, fleetExpiryMs(own) - Date.now()));

function listen(own: FleetState): void {
  setHandler(fleetState, () => own);
  setHandler(signals.reconfigured, () => {
    own.stale = true;
  });
  listenTo(own, { signal: signals.pause, update: updates.pause, verb: fleetVerbs.pause });
  listenTo(own, { signal: signals.resume, update: updates.resume, verb: fleetVerbs.resume });
  listenTo(own, { signal: signals.freeze, update: updates.freeze, verb: fleetVerbs.freeze });
  listenTo(own, { signal: signals.unfreeze, update: updates.unfreeze, verb: fleetVerbs.unfreeze });
  listenTo(own, { signal: signals.exclude, update: updates.exclude, verb: fleetVerbs.exclude });
  listenTo(own, { signal: signals.include, update: updates.include, verb: fleetVerbs.include });
  listenTo(own, { signal: signals.resetBreaker, update: updates.resetBreaker, verb: fleetVerbs.resetBreaker });
  setDefaultSignalHandler(() => {
    own.ignored++;
    own.stale = true;
  });
}

interface Doors<M extends OperatorMessage> {
  readonly signal: SignalDefinition<[M]>;
  readonly update: UpdateDefinition<Answer, [M]>;
  readonly verb: FleetVerb<M>;
}

function listenTo<M extends OperatorMessage>(own: FleetState, { signal, update, verb }: Doors<M>): void {
  const take = async (raw: unknown) => {
    await condition(() => own.known);
    return obey(own, verb, raw);
  };
  setHandler(signal as SignalDefinition<[unknown]>, async (raw) => void (await take(raw)));
  const answer = async (raw: unknown): Promise<Answer> => {
    const said = await take(raw);
    if (!said.ok) throw ApplicationFailure.nonRetryable(said.why, 'BadInput');
    await mirrored(own);
    return { ok: true, said: said.value };
  };
  const validator = (raw: unknown) => {
    const message = judgeFleet(verb, raw, Date.now());
    if (!message.ok) throw ApplicationFailure.nonRetryable(message.why, 'BadInput');
  };
  setHandler(update as UpdateDefinition<Answer, [unknown]>, answer, { validator });
}

function obey<M extends OperatorMessage>(own: FleetState, verb: FleetVerb<M>, raw: unknown): Read<string> {
  const message = judgeFleet(verb, raw, Date.now());
  own.stale = true;
  if (!message.ok) {
    own.ignored++;
    log.warn('message ignored', { why: message.why });
    return message;
  }
  const { id } = message.value;
  if (id !== undefined && own.seen.includes(id)) return { ok: true, value: `message ${id} was already taken` };
  if (id !== undefined) own.seen = [...own.seen.slice(-255), id];
  own.seq++;
  return { ok: true, value: verb.apply(own, message.value, Date.now()) };
}

async function mirror(own: FleetState): Promise<void> {
  if (own.mirrored >= own.seq) return;
  const { seq, paused, frozen, excluded, reset } = own;
  await store.mirrorFleet({
    seq,
    paused: paused !== undefined,
    ...(paused && { pause: paused }),
    ...(frozen && { frozen }),
    ...(excluded.length > 0 && { excluded }),
    ...(reset && { reset }),
  });
  own.mirrored = Math.max(own.mirrored, seq);
}

function show(own: FleetState): void {
  const { paused, frozen, breaker } = own;
  setCurrentDetails(
    [
      ...(paused ? [said('The fleet is **paused**', paused)] : []),
      ...(frozen ? [said('The fleet is **frozen**', frozen)] : []),
      ...own.excluded.map((s) => said(`**${safeText(s.site)}** is excluded for every app`, s)),
      ...(paused || frozen ? [] : [own.off ? 'berth is turned off.' : 'The fleet is watched.']),
      ...(breaker ? [`Breaker ${breaker.open ? '**open**' : 'closed'}: ${breaker.reverts} of the last ${breaker.moves} moves undone`] : []),
      '',
      ...(own.findings.length === 0 ? ['Nothing is wrong.'] : own.findings.map((f) => `- ${safeText(f, 300)}`)),
    ].join('\n'),
  );
  if (workflowInfo().typedSearchAttributes.get(attributes.paused) !== (paused !== undefined)) {
    upsertSearchAttributes([{ key: attributes.paused, value: paused !== undefined }]);
  }
}

function said(what: string, { by, reason, untilMs }: Statement): string {
  return `${what} by ${safeText(by)}${untilMs === undefined ? '' : ` until ${new Date(untilMs).toISOString()}`}: ${safeText(reason)}`;
}
