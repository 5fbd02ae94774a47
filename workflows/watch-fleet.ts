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
} from '@temporalio/workflow';

import { control, store } from './activity-groups.ts';
import { attributes } from './attributes.ts';
import { meanwhile, mirrored } from './controller-mirror.ts';
import { statementOf } from './controller-state.ts';
import { readOperatorMessage, untilOf, type Read } from './guards.ts';
import { watchInput } from './inputs.ts';
import { reasonOf } from './migrate-app.ts';
import { fleetState, signals, updates, type OperatorMessage, type Statement } from './messages.ts';
import { safeText } from './text.ts';

/** What the watch over the fleet knows; the query `state` shows it. */
export interface FleetState {
  readonly schema: 1;
  readonly maxEvents: number;
  /** Seconds between two checks. */
  readonly everyS: number;
  seq: number;
  mirrored: number;
  paused?: Statement;
  findings: string[];
  seen: string[];
  ignored: number;
  stale: boolean;
  /** It has read what the one before it had mirrored. */
  known: boolean;
}
export type WatchInput = { readonly everyS?: number; readonly maxEvents?: number } | FleetState;

/** Holds the pause of the whole fleet, and says when a look is late, a Schedule silent, or a claim without a running move. */
export async function watchFleet(input: WatchInput = {}): Promise<void> {
  const own = initial(watchInput(input));
  listen(own);
  await adopt(own);
  const full = () => workflowInfo().continueAsNewSuggested || workflowInfo().historyLength >= own.maxEvents;
  while (!full()) {
    if (own.paused?.untilMs !== undefined && own.paused.untilMs <= Date.now()) {
      delete own.paused;
      own.seq++;
    }
    await mirror(own);
    own.findings = await check(own);
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
async function check(own: FleetState): Promise<string[]> {
  try {
    return [...(await meanwhile(own, control.checkFleet({}), () => mirror(own))).findings];
  } catch (error) {
    if (isCancellation(error)) throw error;
    return [`the fleet could not be checked: ${reasonOf(error)}`];
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
    findings: [],
    seen: [],
    ignored: 0,
    stale: false,
    known: false,
  };
}

/** A watch that begins anew takes over the pause that the one before it had mirrored. Messages wait until it has. */
async function adopt(own: FleetState): Promise<void> {
  if (own.known) return;
  const row = await store.loadFleet({});
  if (row) Object.assign(own, { seq: row.seq, mirrored: row.seq, ...(row.pause && { paused: row.pause }) });
  own.known = true;
}

const napMs = (own: FleetState) => Math.max(1, Math.min(own.everyS * 1000, (own.paused?.untilMs ?? Infinity) - Date.now()));

function listen(own: FleetState): void {
  setHandler(fleetState, () => own);
  setHandler(signals.pause, async (raw) => void (await take(own, raw, true)));
  setHandler(signals.resume, async (raw) => void (await take(own, raw, false)));
  setDefaultSignalHandler(() => {
    own.ignored++;
    own.stale = true;
  });
  for (const [update, pausing] of [
    [updates.pause, true],
    [updates.resume, false],
  ] as const) {
    setHandler(
      update,
      async (raw) => {
        const said = await take(own, raw, pausing);
        if (!said.ok) throw ApplicationFailure.nonRetryable(said.why, 'BadInput');
        await mirrored(own);
        return { ok: true, said: said.value };
      },
      {
        validator: (raw) => {
          const message = judge(raw);
          if (!message.ok) throw ApplicationFailure.nonRetryable(message.why, 'BadInput');
        },
      },
    );
  }
}

function judge(raw: unknown): Read<OperatorMessage> {
  const message = readOperatorMessage(raw);
  const untilMs = message.ok ? untilOf(message.value, Date.now()) : undefined;
  return untilMs !== undefined && untilMs <= Date.now() ? { ok: false, why: 'until lies in the past' } : message;
}

async function take(own: FleetState, raw: unknown, pausing: boolean): Promise<Read<string>> {
  await condition(() => own.known);
  return obey(own, raw, pausing);
}

function obey(own: FleetState, raw: unknown, pausing: boolean): Read<string> {
  const message = judge(raw);
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
  const was = own.paused !== undefined;
  if (!pausing) {
    delete own.paused;
    return { ok: true, value: was ? 'the fleet goes on' : 'the fleet was not paused' };
  }
  own.paused = statementOf(message.value, Date.now());
  return {
    ok: true,
    value: `the fleet is paused${own.paused.untilMs === undefined ? '' : ` until ${new Date(own.paused.untilMs).toISOString()}`}; moves under way end as the policies of their apps say`,
  };
}

async function mirror(own: FleetState): Promise<void> {
  if (own.mirrored >= own.seq) return;
  const { seq } = own;
  await store.mirrorFleet({ seq, paused: own.paused !== undefined, ...(own.paused && { pause: own.paused }) });
  own.mirrored = Math.max(own.mirrored, seq);
}

function show(own: FleetState): void {
  setCurrentDetails(
    [
      own.paused ? `The fleet is **paused** by ${safeText(own.paused.by)}: ${safeText(own.paused.reason)}` : 'The fleet is watched.',
      '',
      ...(own.findings.length === 0 ? ['Nothing is wrong.'] : own.findings.map((f) => `- ${safeText(f, 300)}`)),
    ].join('\n'),
  );
  if (workflowInfo().typedSearchAttributes.get(attributes.paused) !== (own.paused !== undefined)) {
    upsertSearchAttributes([{ key: attributes.paused, value: own.paused !== undefined }]);
  }
}
