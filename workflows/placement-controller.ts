import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setDefaultSignalHandler,
  setHandler,
  sleep,
  workflowInfo,
  type SignalDefinition,
} from '@temporalio/workflow';

import type { UpdateDefinition } from '@temporalio/common';

import type { Proposal } from '../domain/decision.ts';
import { store } from './activity-groups.ts';
import { approvalIsDue, approve, carryOut, isUnanswered, putUp, reject, whatBecame } from './approvals.ts';
import { showController } from './controller-details.ts';
import { mirror, mirrored } from './controller-mirror.ts';
import {
  adopt,
  bookEnd,
  expire,
  initialState,
  isNew,
  nextExpiryMs,
  remember,
  rowOf,
  withdraw,
  type ControllerInput,
  type ControllerState,
} from './controller-state.ts';
import { readMoveEnded, readMoveLost, readProposal } from './guards.ts';
import { controllerInput } from './inputs.ts';
import { askAfter, askAfterStray } from './lost-moves.ts';
import { signals, state, updates, type Answer, type OperatorMessage } from './messages.ts';
import { reasonOf } from './migrate-app.ts';
import { objection } from './objection.ts';
import { judge, obey, verbs, type Outcome, type Verb } from './operator-verbs.ts';
import { workflowIds } from './queues.ts';
import { startMove } from './start-move.ts';
import { clock } from './text.ts';

/** Owns one application: the only one who moves it. Adds nothing to its history while nobody speaks to it. */
export async function placementController(input: ControllerInput): Promise<void> {
  const own = initialState(controllerInput(input));
  listen(own);
  while (!full(own)) {
    await step(own);
    const nap = napMs(own);
    // Only the state may wake it, and a timer: an update that is rejected leaves no event, and what its moment alone has changed (the time, the length
    // of the history) is not there when the history is replayed.
    const awake = () => hasWork(own);
    await (nap === undefined
      ? condition(awake)
      : condition(awake, nap, { summary: 'until a statement ends or a move must be asked after' }));
  }
  await finishHandlers(own);
  await mirror(own);
  await continueAsNew<typeof placementController>(own);
}

/** One round. What fails (a store that is away for long) is shown and tried again: a controller that failed would forget what it was told. */
async function step(own: ControllerState): Promise<void> {
  try {
    await takeStock(own);
    await act(own);
  } catch (error) {
    if (isCancellation(error) || (error instanceof ApplicationFailure && error.type === 'BadInput')) throw error;
    log.error('a round failed; it is tried again', { app: own.app, why: reasonOf(error) });
    remember(own, `${clock(Date.now())} could not go on, will try again: ${reasonOf(error)}`.slice(0, 300));
    own.stale = true;
    await sleep(AGAIN_MS, { summary: 'until the next try' });
  }
}

const AGAIN_MS = 5_000;

const full = (own: ControllerState) => workflowInfo().continueAsNewSuggested || workflowInfo().historyLength >= own.maxEvents;

/** A message that waits for the facts of the app (they were just reconfigured), for the mirror or for what becomes of an approval must get it. */
async function finishHandlers(own: ControllerState): Promise<void> {
  for (;;) {
    await condition(() => own.facts === undefined || own.mirrored < own.seq || isUnanswered(own) || allHandlersFinished());
    if (allHandlersFinished()) return;
    await step(own);
  }
}

function hasWork(own: ControllerState): boolean {
  return (
    own.stale ||
    own.mirrored < own.seq ||
    own.lost !== undefined ||
    (!own.moving && (own.waiting !== undefined || overrideIsDue(own) || isUnanswered(own)))
  );
}

const overrideIsDue = (own: ControllerState) =>
  own.override !== undefined && own.tried === undefined && !own.paused && !own.frozen && own.held === undefined;

/** Milliseconds to the next thing that only time brings; undefined = none. */
function napMs(own: ControllerState): number | undefined {
  const times = [nextExpiryMs(own), own.moving?.askMs].filter((t) => t !== undefined);
  return times.length === 0 ? undefined : Math.max(1, Math.min(...times) - Date.now());
}

/** Signals never throw: what cannot be read is counted and shown. Updates do the same work with a validator and an answer. */
function listen(own: ControllerState): void {
  setHandler(state, () => own);
  setHandler(signals.propose, (raw) => {
    const proposal = readProposal(raw);
    if (!proposal.ok) return ignore(own, 'propose', proposal);
    // A drain asks again as long as the app has not gone: it need not be heard twice.
    if (proposal.value.drainedBy !== undefined && own.moving) return;
    if (proposal.value.app === own.app && isNew(own, proposal.value.decisionId)) own.waiting = proposal.value;
  });
  setHandler(signals.moveEnded, (raw) => {
    const ended = readMoveEnded(raw);
    if (!ended.ok) return ignore(own, 'moveEnded', ended);
    bookEnd(own, ended.value, Date.now());
    own.stale = true;
  });
  setHandler(signals.moveLost, (raw) => {
    const lost = readMoveLost(raw);
    if (!lost.ok) return ignore(own, 'moveLost', lost);
    own.lost = lost.value.decisionId;
  });
  setHandler(signals.reconfigured, () => {
    delete own.facts;
    own.stale = true;
  });
  listenTo(own, { signal: signals.pause, update: updates.pause, verb: verbs.pause });
  listenTo(own, { signal: signals.resume, update: updates.resume, verb: verbs.resume });
  listenTo(own, { signal: signals.freeze, update: updates.freeze, verb: verbs.freeze });
  listenTo(own, { signal: signals.unfreeze, update: updates.unfreeze, verb: verbs.unfreeze });
  listenTo(own, { signal: signals.override, update: updates.override, verb: verbs.override });
  listenTo(own, { signal: signals.clearOverride, update: updates.clearOverride, verb: verbs.clearOverride });
  listenTo(own, { signal: signals.exclude, update: updates.exclude, verb: verbs.exclude });
  listenTo(own, { signal: signals.include, update: updates.include, verb: verbs.include });
  listenTo(own, { signal: signals.approve, update: updates.approve, verb: approve, last: whatBecame });
  listenTo(own, { signal: signals.reject, update: updates.reject, verb: reject });
  // Last: signals that arrived before this run had handlers are waiting, and it takes every one that nobody else wants by then.
  setDefaultSignalHandler((name) => ignore(own, name, { ok: false, why: 'no such signal' }));
}

interface Doors<M extends OperatorMessage> {
  readonly signal: SignalDefinition<[M]>;
  readonly update: UpdateDefinition<Answer, [M]>;
  readonly verb: Verb<M>;
  /** What an update waits for beyond the message itself. */
  readonly last?: (own: ControllerState, outcome: Outcome) => Promise<Outcome>;
}

/** One verb behind two doors. Messages wait until the controller knows its app, so that none is judged by half a state. */
function listenTo<M extends OperatorMessage>(own: ControllerState, { signal, update, verb, last }: Doors<M>): void {
  const take = async (raw: unknown) => {
    await condition(() => own.facts !== undefined);
    const outcome = obey(own, verb, raw, Date.now());
    own.stale = true;
    if (outcome.ok && (signal.name === 'pause' || signal.name === 'freeze')) endIfPaused(own);
    return outcome;
  };
  setHandler(signal as SignalDefinition<[unknown]>, async (raw: unknown) => {
    const outcome = await take(raw);
    if (!outcome.ok) ignore(own, signal.name, outcome);
  });
  const answer = async (raw: unknown): Promise<Answer> => {
    const taken = await take(raw);
    const outcome = taken.ok && last ? await last(own, taken) : taken;
    if (!outcome.ok) throw ApplicationFailure.nonRetryable(outcome.why, 'BadInput');
    await mirrored(own);
    return { ok: true, said: outcome.said };
  };
  const validator = (raw: unknown) => {
    const message = judge(own, verb, raw, Date.now());
    if (!message.ok) throw ApplicationFailure.nonRetryable(message.why, 'BadInput');
  };
  setHandler(update as UpdateDefinition<Answer, [unknown]>, answer, { validator });
}

function ignore(own: ControllerState, name: string, bad: { readonly ok: false; readonly why: string }): void {
  own.ignored++;
  own.lastIgnored = `${name}: ${bad.why}`.slice(0, 300);
  own.stale = true;
  log.warn('message ignored', { app: own.app, signal: name.slice(0, 100), why: own.lastIgnored });
}

/** With `onPause: revert` a pause or freeze also ends the move that is under way. */
function endIfPaused(own: ControllerState): void {
  if (!own.moving || own.facts?.onPause !== 'revert') return;
  const id = workflowIds.move(own.app, own.moving.decisionId);
  getExternalWorkflowHandle(id)
    .cancel()
    .catch((error: unknown) => log.warn('the move could not be cancelled', { id, error: reasonOf(error) }));
}

/** Before acting: know the app, drop what has run out, be known to the store, show it; what acts in this round is shown when it has. */
async function takeStock(own: ControllerState): Promise<void> {
  await know(own);
  if (expire(own, Date.now())) own.stale = true;
  if (!own.stale || (own.waiting !== undefined && !own.moving)) return await mirror(own);
  // Whoever waits for an answer is not kept waiting for the view.
  if (!allHandlersFinished()) await mirror(own);
  own.stale = false;
  const { seq } = own;
  const view = await store.readAppView({ app: own.app, ...(own.mirrored < seq && { mirror: rowOf(own) }) });
  own.mirrored = Math.max(own.mirrored, seq);
  showController(own, view);
}

async function know(own: ControllerState): Promise<void> {
  if (own.facts === undefined) {
    const loaded = await store.loadApp({ app: own.app });
    adopt(own, loaded.mirror);
    own.facts = loaded.facts;
    if (own.facts.off) turnOff(own);
  }
  if (!own.facts.known) throw ApplicationFailure.nonRetryable(`no app is called ${own.app} in the applied configuration`, 'BadInput');
}

/** What is under way ends as a pause would end it. */
function turnOff(own: ControllerState): void {
  withdraw(own, Date.now());
  endIfPaused(own);
}

async function act(own: ControllerState): Promise<void> {
  const { moving, lost } = own;
  if (lost !== undefined && lost !== moving?.decisionId) return await askAfterStray(own, lost);
  if (moving && (lost !== undefined || moving.askMs <= Date.now())) return await askAfter(own);
  if (moving) return;
  if (approvalIsDue(own)) return await carryOut(own);
  const proposal = own.waiting ?? (await overrideProposal(own));
  delete own.waiting;
  if (!proposal) return;
  own.stale = true;
  const why = objection(own, proposal, Date.now());
  const line = `${clock(Date.now())} ${proposal.from} → ${proposal.to}, gain ${proposal.gain.toFixed(2)}`;
  if (proposal.verdict === 'approve') {
    await putUp(own, proposal);
    return remember(own, `${line}: waits for an approval`);
  }
  if (proposal.verdict === 'recommend') return remember(own, `${line}: recommended`);
  if (why !== undefined) return remember(own, `${line}: not done, ${why}`);
  await startMove(own, proposal);
  remember(own, `${line}: moving`);
}

/** An override is carried out at once; should it be refused, the looks propose it again. */
async function overrideProposal(own: ControllerState): Promise<Proposal | undefined> {
  if (!own.override || !overrideIsDue(own)) return undefined;
  const { site, by, reason } = own.override;
  const { placed } = await store.readAppView({ app: own.app });
  own.tried = placed === undefined ? 'where the app is could not be told' : 'begun';
  if (placed === undefined || placed === site) return undefined;
  const nowMs = Date.now();
  return {
    decisionId: `${own.app}-override-${nowMs}`,
    app: own.app,
    from: placed,
    to: site,
    gain: 0,
    verdict: 'move',
    expiresMs: nowMs + 600_000,
    reason: `override by ${by}: ${reason}`.slice(0, 500),
  };
}
