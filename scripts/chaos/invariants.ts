import type { Claim } from '../../domain/records.ts';
import { claimOf } from '../../domain/claim-of.ts';
import { effectiveWrites } from '../kubernetes/effective-writes.ts';
import type { ManyMoves } from './many-moves.ts';
import type { Row } from './row.ts';
import type { Scene } from './scene.ts';

interface Evidence {
  readonly scene: Scene;
  readonly claims: readonly Claim[];
  readonly paused: ManyMoves['paused'];
  /** Fewest ready pods that any app was seen with, and how often was looked. */
  readonly pods: { readonly fewest: number; readonly looks: number; readonly wanted: number };
}

interface Written {
  readonly app: string;
  readonly claim: string;
  readonly undo: boolean;
  readonly atMs: number;
}

/** I1 to I6 of a run, from what the API server itself has logged as carried out. */
export async function invariants(evidence: Evidence): Promise<readonly Row[]> {
  const { scene, claims, paused, pods } = evidence;
  const log = await scene.audit();
  const writes = [...scene.apps, ...scene.sick].flatMap((app) =>
    effectiveWrites(log, { namespace: scene.namespace, name: app }).map(({ decision, atMs }): Written => ({
      app,
      claim: claimOf(decision),
      undo: decision.endsWith('/undo'),
      atMs,
    })),
  );
  const row = (fault: string, how: string, wrong: number, result: string): Row => ({ fault, how, result, ok: wrong === 0 });
  const [mixed, doubled, most] = [interleaved(writes), repeated(writes), mostAtOnce(writes, claims)];
  const { fleet } = scene.config.budgets;
  const late = paused === undefined ? [] : begunWhile(writes, claims, paused);
  return [
    row('I1 one move of an app at a time', 'audit log', mixed, `${mixed} writes of one move among those of another`),
    row('I2 one change and one undo at most per move', 'audit log', doubled, `${writes.length} effective writes, ${doubled} too many`),
    row(
      'I3 no more moves at once than the budget',
      'audit log, ends from the records',
      Math.max(0, most - fleet),
      `at most ${most} of ${fleet}`,
    ),
    ...(paused === undefined
      ? []
      : [
          row(
            'I5 no move begins after a pause is answered',
            'audit log',
            late.length,
            `${late.length} changes of moves begun in ${seconds(paused)} s`,
          ),
        ]),
    row(
      'I6 never fewer ready pods than the disruption budget',
      `pods seen ${pods.looks} times`,
      Math.max(0, pods.wanted - pods.fewest),
      `fewest ${pods.fewest} of ${pods.wanted}`,
    ),
  ];
}

const seconds = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => ((toMs - fromMs) / 1000).toFixed(0);

/** Writes of a move that come after a later move of the same app had begun to write. */
function interleaved(writes: readonly Written[]): number {
  let wrong = 0;
  const byApp = grouped(writes, ({ app }) => app);
  for (const own of byApp.values()) {
    const over = new Set<string>();
    let now: string | undefined;
    for (const { claim } of [...own].sort((a, b) => a.atMs - b.atMs)) {
      if (over.has(claim)) wrong += 1;
      if (now !== undefined && now !== claim) over.add(now);
      now = claim;
    }
  }
  return wrong;
}

function grouped(writes: readonly Written[], keyOf: (write: Written) => string): ReadonlyMap<string, readonly Written[]> {
  const groups = new Map<string, Written[]>();
  for (const write of writes) groups.set(keyOf(write), [...(groups.get(keyOf(write)) ?? []), write]);
  return groups;
}

function repeated(writes: readonly Written[]): number {
  const each = grouped(writes, ({ claim, undo }) => `${claim} ${undo}`);
  return [...each.values()].reduce((sum, same) => sum + same.length - 1, 0);
}

/** Moves that had written and not ended, at the worst moment. */
function mostAtOnce(writes: readonly Written[], claims: readonly Claim[]): number {
  const endOf = new Map(claims.map(({ decisionId, endedMs }) => [decisionId, endedMs]));
  const first = new Map<string, number>();
  for (const { claim, atMs } of writes) first.set(claim, Math.min(atMs, first.get(claim) ?? Infinity));
  const steps = [...first].flatMap(([claim, atMs]) => [
    { atMs, by: 1 },
    { atMs: endOf.get(claim) ?? Infinity, by: -1 },
  ]);
  let [open, most] = [0, 0];
  for (const { by } of steps.sort((a, b) => a.atMs - b.atMs || a.by - b.by)) most = Math.max(most, (open += by));
  return most;
}

function begunWhile(
  writes: readonly Written[],
  claims: readonly Claim[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): readonly Written[] {
  const openedOf = new Map(claims.map(({ decisionId, openedMs }) => [decisionId, openedMs]));
  return writes.filter(({ claim, atMs, undo }) => !undo && atMs > fromMs && atMs < toMs && (openedOf.get(claim) ?? Infinity) > fromMs);
}
