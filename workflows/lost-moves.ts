import { CancellationScope } from '@temporalio/workflow';

import { control, store, undo } from './activity-groups.ts';
import { meanwhile, mirror } from './controller-mirror.ts';
import { bookEnd, remember, type ControllerState } from './controller-state.ts';
import type { MoveEnded } from './messages.ts';
import { reasonOf } from './migrate-app.ts';
import { clock } from './text.ts';

/** The end of a move was not heard: its claim tells, and a move that nobody carries on is repaired. */
export async function askAfter(own: ControllerState): Promise<void> {
  const move = own.moving;
  if (!move) return;
  const answer = await ask(own, move.decisionId);
  if (answer.kind === 'running') {
    own.moving = { ...move, askMs: Date.now() + 30_000 };
    delete own.lost;
  } else if (answer.kind === 'ended') {
    bookEnd(own, { decisionId: move.decisionId, end: answer.end, ...(answer.why !== undefined && { why: answer.why }) }, Date.now());
    own.stale = true;
  } else {
    await repair(own, move.decisionId);
  }
}

/** A claim that this controller does not know of, perhaps of a controller before it: it is repaired only if it is really open and nobody carries it on. */
export async function askAfterStray(own: ControllerState, decisionId: string): Promise<void> {
  delete own.lost;
  const answer = await ask(own, decisionId);
  if (answer.kind === 'lost') return await repair(own, decisionId);
  // The mirror of a controller before this one may still say that the app is moving: it is written anew.
  own.seq++;
  if (answer.kind === 'ended')
    adoptEnd(own, { decisionId, end: answer.end, ...(answer.why !== undefined && { why: answer.why }) }, answer.to ?? '');
  const now = answer.kind === 'ended' ? `at its end, ${answer.end}` : 'running';
  remember(own, `${clock(Date.now())} ${decisionId} was said to be lost; it is ${now}`.slice(0, 300));
  own.stale = true;
}

const ask = (own: ControllerState, decisionId: string) => meanwhile(own, control.askMove({ app: own.app, decisionId }), () => mirror(own));

/** Books an end that a controller before this one would have booked. */
function adoptEnd(own: ControllerState, ended: MoveEnded, to: string): void {
  const { moving } = own;
  own.moving ??= { decisionId: ended.decisionId, from: '', to, startedMs: Date.now(), askMs: Date.now(), origin: 'look' };
  bookEnd(own, ended, Date.now());
  if (moving) own.moving = moving;
}

/** Puts the app back to the snapshot of a move that was terminated half-way, and records the end that it never had. */
async function repair(own: ControllerState, decisionId: string): Promise<void> {
  delete own.lost;
  const ended = await CancellationScope.nonCancellable(() => restoreAndEnd(own, decisionId));
  if (own.moving?.decisionId !== decisionId)
    own.moving = { decisionId, from: '', to: ended.to, startedMs: Date.now(), askMs: Date.now(), origin: 'look' };
  bookEnd(own, { decisionId, end: ended.end, why: ended.why ?? WHY }, Date.now());
  remember(own, `${clock(Date.now())} ${decisionId}: ${ended.end}, ${ended.why ?? WHY}`.slice(0, 300));
  own.stale = true;
}

const WHY = 'the move was terminated; repaired from its snapshot';

async function restoreAndEnd(own: ControllerState, decisionId: string) {
  try {
    const restored = undo(own.facts?.times.revertDeadlineS ?? 600).restorePlacement({ claimId: decisionId, app: own.app });
    await meanwhile(own, restored, () => mirror(own));
    return await store.endMove({ decisionId, end: 'reverted', why: WHY });
  } catch (error) {
    return await store.endMove({ decisionId, end: 'revert-failed', why: `terminated, and the repair failed: ${reasonOf(error)}` });
  }
}
