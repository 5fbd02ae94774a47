import type { Config } from './config.ts';
import type { DecideInput } from './decide-input.ts';
import { type MoveRecord, timeToMove } from './move-record.ts';
import { rightsByRecord } from './rights.ts';

/** Moves that a look reads, newest first, to judge the models and the time that moves take. */
export const MOVES_READ = 500;

/** How long ago moves still count: for rights as each policy says, for the time to move a week. */
export function movesCountS({ policies }: Pick<Config, 'policies'>): number {
  return Math.max(7 * 86_400, ...Object.values(policies).map((p) => p.rights.within));
}

export interface MovesSoFar {
  /** Newest first; of every app, because apps share models. */
  readonly moves: readonly MoveRecord[];
  /** Those of the app alone. */
  readonly own: readonly MoveRecord[];
}

/** What the moves so far say of the model that predicted, and of how long a move of this app takes. */
export function movesSoFar(
  { moves, own }: MovesSoFar,
  { policy, nowMs, prediction }: Pick<DecideInput, 'policy' | 'nowMs' | 'prediction'>,
): Pick<DecideInput, 'rights' | 'moveS'> {
  const times = [...new Set(own.map((m) => m.to))].flatMap((site) => {
    const seconds = timeToMove(own.filter((m) => m.to === site));
    return seconds === undefined ? [] : [[site, seconds] as const];
  });
  const { modelKey: key, modelVersion: version } = prediction ?? {};
  const model = key === undefined || version === undefined ? undefined : { key, version };
  return {
    ...(times.length > 0 && { moveS: new Map(times) }),
    ...(model && moves.length > 0 && { rights: rightsByRecord(moves, { model, policy, nowMs }) }),
  };
}
