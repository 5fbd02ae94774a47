import type { Policy } from './config.ts';
import { type MoveRecord, realisedGain } from './move-record.ts';

/** What the moves that a model has made so far leave it: all that its policy allows, an approval first, or nothing but to recommend. */
export type Right = 'recommend' | 'approve' | 'automatic';
export const RIGHT_CODE: Readonly<Record<Right, number>> = { recommend: 0, approve: 1, automatic: 2 };

export interface Rights {
  readonly right: Right;
  /** Moves that count. */
  readonly moves: number;
  readonly undone: number;
  /** Mean realised gain in score points; undefined of no move. */
  readonly gain?: number;
}

/**
 * Judged by the newest `last` moves within `within` that berth wanted and whose gain was measured. Below `least` of them nothing is lost. A mean gain
 * below the floor, or more than half of them undone, costs the right to move without approval; both at once, or a mean below twice the floor,
 * leave a recommendation. Better moves (approved ones, or another version's) push the bad ones out, and so does time.
 */
export function rightsOf(moves: readonly MoveRecord[], { rights }: Pick<Policy, 'rights'>, nowMs: number): Rights {
  const counted = moves
    .filter((m) => (m.origin === 'look' || m.origin === 'approval') && m.why !== 'cancelled' && m.endedMs > nowMs - rights.within * 1000)
    .flatMap((m) => {
      const gain = realisedGain(m);
      return gain === undefined ? [] : [{ gain, undone: m.end !== 'done', endedMs: m.endedMs }];
    })
    .sort((a, b) => b.endedMs - a.endedMs)
    .slice(0, rights.last);
  const undone = counted.filter((m) => m.undone).length;
  if (counted.length === 0) return { right: 'automatic', moves: 0, undone };
  const gain = counted.reduce((sum, m) => sum + m.gain, 0) / counted.length;
  const few = counted.length < rights.least;
  const [poor, unstable] = [gain < rights.floor, undone > counted.length / 2];
  const worst = (poor && unstable) || gain < 2 * Math.min(0, rights.floor);
  const right = few || !(poor || unstable) ? 'automatic' : worst ? 'recommend' : 'approve';
  return { right, moves: counted.length, undone, gain };
}

/** The rights of one version of a model: of all its moves, and of those to each site that any of them led to. */
export function rightsByRecord(
  moves: readonly MoveRecord[],
  { model, policy, nowMs }: { model: { key: string; version: number }; policy: Pick<Policy, 'rights'>; nowMs: number },
): { model: Rights; sites: ReadonlyMap<string, Rights> } {
  const own = moves.filter((m) => m.model?.key === model.key && m.model.version === model.version);
  const sites = [...new Set(own.map((m) => m.to))];
  return {
    model: rightsOf(own, policy, nowMs),
    sites: new Map(
      sites.map((site) => [
        site,
        rightsOf(
          own.filter((m) => m.to === site),
          policy,
          nowMs,
        ),
      ]),
    ),
  };
}
