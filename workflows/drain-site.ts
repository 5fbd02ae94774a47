import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  ContinueAsNew,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type { DrainView } from '../activities/drains.ts';
import { control } from './activity-groups.ts';
import { statementOf } from './controller-state.ts';
import { readOperatorMessage, type Read } from './guards.ts';
import { drainInput } from './inputs.ts';
import { signals, updates, type Answer, type OperatorMessage, type Statement } from './messages.ts';
import { reasonOf } from './migrate-app.ts';
import { safeText } from './text.ts';

export interface DrainStart {
  readonly site: string;
  readonly by: string;
  readonly reason: string;
  /** By when the site is to be empty; absent: however long it takes. */
  readonly until?: string;
  readonly forS?: number;
  /** Bring back what the last drain of this site moved away. */
  readonly undo?: boolean;
  readonly everyS?: number;
  readonly maxEvents?: number;
}

/** What a drain knows; the query `state` shows it. */
export interface DrainState {
  readonly schema: 1;
  readonly site: string;
  readonly by: string;
  readonly reason: string;
  readonly everyS: number;
  readonly maxEvents: number;
  untilMs?: number;
  undo: boolean;
  startedMs: number;
  paused?: Statement;
  view?: DrainView;
  ignored: number;
  stale: boolean;
}
export type DrainInput = DrainStart | DrainState;

export interface DrainResult {
  readonly site: string;
  readonly undone: boolean;
  /** Nothing that had to go is left. */
  readonly complete: boolean;
  readonly moved: DrainView['moved'];
  readonly left: number;
  readonly stuck: DrainView['stuck'];
}

export const drainState = defineQuery<DrainState>('state');
const undo = { signal: defineSignal<[OperatorMessage]>('undo'), update: defineUpdate<Answer, [OperatorMessage]>('undo') };

/**
 * Empties a site by a deadline: asks the controllers, which stay the only ones to move their apps, as the budgets allow; reports what cannot go
 * and why. It can be paused, resumed, undone (everything it moved comes back) and cancelled. The site stays excluded for the fleet when it is empty.
 */
export async function drainSite(input: DrainInput): Promise<DrainResult> {
  const own = initial(drainInput(input));
  listen(own);
  try {
    return await drain(own);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    if (!isCancellation(error)) throw ApplicationFailure.nonRetryable(reasonOf(error), 'DrainFailed');
    // Stopped half-way: the site is as good as any other again.
    await CancellationScope.nonCancellable(() => control.fenceSite({ site: own.site, on: false, reason: own.reason }));
    throw error;
  }
}

async function drain(own: DrainState): Promise<DrainResult> {
  const full = () => workflowInfo().continueAsNewSuggested || workflowInfo().historyLength >= own.maxEvents;
  for (let fenced: boolean | undefined; !full();) {
    own.stale = false;
    if (fenced !== !own.undo) {
      fenced = !own.undo;
      await control.fenceSite({ site: own.site, on: fenced, reason: own.reason });
    }
    const { site, by, reason, startedMs, undo: back } = own;
    const late = own.untilMs !== undefined && own.untilMs <= Date.now();
    const unanswered = own.view?.unanswered ?? [];
    const view = await control.drainStep({ site, by, reason, startedMs, undo: back, ask: !own.paused && !late, unanswered });
    own.view = view;
    show(own);
    if (own.undo === back && isOver(view, { late, undo: back })) {
      await condition(allHandlersFinished);
      return { site, undone: back, complete: view.left === 0, moved: view.moved, left: view.left, stuck: view.stuck };
    }
    await condition(() => own.stale, napMs(own), { summary: `until the next round of the drain of ${site}` });
  }
  await condition(allHandlersFinished);
  return await continueAsNew<typeof drainSite>(own);
}

/** Empty; or the deadline has passed and no move is under way or may still begin. A drain without a deadline waits for what is stuck. */
function isOver({ moving, left, unanswered }: DrainView, { late, undo }: { late: boolean; undo: boolean }): boolean {
  if (moving.length > 0) return false;
  // Who was asked to go, and is told to come back, may be about to go.
  const quiet = (unanswered?.length ?? 0) === 0;
  return left === 0 ? quiet || !undo : quiet && late;
}

const napMs = ({ everyS, untilMs }: DrainState) => {
  const leftMs = untilMs === undefined ? Infinity : untilMs - Date.now();
  return Math.max(1, Math.min(everyS * 1000, leftMs > 0 ? leftMs : Infinity));
};

function initial(input: DrainInput): DrainState {
  if ('schema' in input) return { ...input };
  const { untilMs } = statementOf(input, Date.now());
  return {
    schema: 1,
    site: input.site,
    by: input.by,
    reason: input.reason,
    everyS: input.everyS ?? 5,
    maxEvents: input.maxEvents ?? 2000,
    ...(untilMs !== undefined && { untilMs }),
    undo: input.undo ?? false,
    startedMs: Date.now(),
    ignored: 0,
    stale: false,
  };
}

const words = {
  pause(own: DrainState, message: OperatorMessage): string {
    own.paused = statementOf(message, Date.now());
    return `the drain of ${own.site} asks nobody else to go; moves under way finish`;
  },
  resume(own: DrainState): string {
    const was = own.paused !== undefined;
    delete own.paused;
    return was ? `the drain of ${own.site} goes on` : `the drain of ${own.site} was not paused`;
  },
  undo(own: DrainState): string {
    if (own.undo) return `what the drain of ${own.site} moved is on its way back already`;
    own.undo = true;
    delete own.paused;
    delete own.untilMs;
    return `what the drain of ${own.site} moved comes back, within the budgets`;
  },
} as const;

function listen(own: DrainState): void {
  setHandler(drainState, () => own);
  const doors = [
    [signals.pause, updates.pause, words.pause],
    [signals.resume, updates.resume, words.resume],
    [undo.signal, undo.update, words.undo],
  ] as const;
  for (const [signal, update, word] of doors) {
    const take = (raw: unknown): Read<string> => {
      const message = readOperatorMessage(raw);
      own.stale = true;
      return message.ok ? { ok: true, value: word(own, message.value) } : message;
    };
    setHandler(signal, (raw) => {
      const said = take(raw);
      if (!said.ok) ignore(own, said.why);
    });
    setHandler(
      update,
      async (raw) => {
        const said = take(raw);
        if (!said.ok) throw ApplicationFailure.nonRetryable(said.why, 'BadInput');
        return { ok: true, said: said.value };
      },
      {
        validator: (raw) => {
          const message = readOperatorMessage(raw);
          if (!message.ok) throw ApplicationFailure.nonRetryable(message.why, 'BadInput');
        },
      },
    );
  }
  setDefaultSignalHandler((name) => ignore(own, `there is no signal ${name.slice(0, 60)}`));
}

function ignore(own: DrainState, why: string): void {
  own.ignored++;
  log.warn('message ignored', { why: reasonOf(new Error(why)) });
}

function show(own: DrainState): void {
  const { site, by, reason, untilMs, paused, view } = own;
  const end = untilMs === undefined ? '' : ` by ${new Date(untilMs).toISOString()}`;
  setCurrentDetails(
    [
      `**${safeText(site)}** is ${own.undo ? 'filled again' : `emptied${end}`}, for ${safeText(by)}: ${safeText(reason)}`,
      ...(paused ? [`**paused** by ${safeText(paused.by)}: ${safeText(paused.reason)}`] : []),
      '',
      `${view?.moved.length ?? 0} moved, ${view?.moving.length ?? 0} on the way, ${view?.waiting ?? 0} wait for a budget, ${view?.left ?? 0} left`,
      ...(view?.stuck ?? []).slice(0, 50).map(({ app, why }) => `- ${safeText(app)} cannot go: ${safeText(why, 300)}`),
    ].join('\n'),
  );
}
