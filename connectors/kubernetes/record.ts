import type { V1DeploymentStrategy } from '@kubernetes/client-node';
import { z } from 'zod';

import { claimOf } from '../../domain/claim-of.ts';
import type { Captured } from './pin.ts';
import type { Workload } from './view.ts';

/** Annotations of a workload that berth has moved. They are written in the same apply as the change they speak of. */
export const ANNOTATION = {
  /** The installation whose the app is. */
  owner: 'berth/owner',
  /** The decision of the newest write. */
  decision: 'berth/decision',
  /** The site it is kept on; absent: none. */
  site: 'berth/site',
  record: 'berth/record',
} as const;

/** Newest last. More than a claim makes, so that a late second try is still known. */
const KEPT = 24;

const recordShape = z.object({
  /** As it was before the first change: what a release brings back. */
  origin: z.object({ field: z.enum(['preferred', 'required', 'node-selector']), value: z.unknown(), strategy: z.unknown() }),
  decisions: z.array(
    z.object({
      id: z.string(),
      to: z.string(),
      state: z.enum(['applied', 'there', 'undone']),
      by: z.string().optional(),
      was: z.string().nullable(),
    }),
  ),
  /** Claims whose changes come too late. */
  undone: z.array(z.string()),
  /** The owner's part of the template when the newest change was applied. */
  template: z.string(),
  /** What the field and the strategy were set to; null = not ours now. */
  value: z.unknown(),
  strategy: z.unknown(),
  /** Effective writes so far. The API server's own generation also counts annotations. */
  writes: z.number(),
});

export interface MoveRecord {
  readonly origin: Captured;
  readonly decisions: readonly {
    readonly id: string;
    readonly to: string;
    readonly state: 'applied' | 'there' | 'undone';
    readonly by?: string | undefined;
    /** The site it was kept on before. */ readonly was: string | null;
  }[];
  readonly undone: readonly string[];
  readonly template: string;
  readonly value: unknown;
  readonly strategy: V1DeploymentStrategy | null;
  readonly writes: number;
}

/** undefined = berth has never written to it. A record that somebody has damaged counts as none. */
export function recordOf(workload: Workload): MoveRecord | undefined {
  const text = workload.metadata?.annotations?.[ANNOTATION.record];
  if (text === undefined) return undefined;
  try {
    const read = recordShape.safeParse(JSON.parse(text));
    return read.success ? (read.data as MoveRecord) : undefined;
  } catch {
    return undefined;
  }
}

export const ownerOf = (workload: Workload) => workload.metadata?.annotations?.[ANNOTATION.owner];
export const decisionOf = (workload: Workload) => workload.metadata?.annotations?.[ANNOTATION.decision];

export function withDecision(record: MoveRecord, entry: MoveRecord['decisions'][number]): MoveRecord {
  return { ...record, decisions: [...record.decisions.filter(({ id }) => id !== entry.id), entry].slice(-KEPT) };
}

/** From now on no change of the claim of `undoId` counts, also none that is still to come. */
export function withUndone(record: MoveRecord, undoId: string): MoveRecord {
  const claim = claimOf(undoId);
  return {
    ...record,
    undone: [...record.undone.filter((one) => one !== claim), claim].slice(-KEPT),
    decisions: record.decisions.map((one) =>
      one.state !== 'undone' && claimOf(one.id) === claim ? { ...one, state: 'undone', by: undoId } : one,
    ),
  };
}

export function annotationsOf(
  record: MoveRecord,
  { owner, decision, site }: { owner: string; decision: string; site: string | undefined },
) {
  return {
    [ANNOTATION.owner]: owner,
    [ANNOTATION.decision]: decision,
    ...(site !== undefined && { [ANNOTATION.site]: site }),
    [ANNOTATION.record]: JSON.stringify(record),
  };
}
