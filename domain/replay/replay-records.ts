import { allocate } from '../allocate.ts';
import type { Config, Policy } from '../config.ts';
import { decide } from '../decide.ts';
import { isWanted } from '../decision-record.ts';
import type { Decision } from '../decision.ts';
import type { MoveRecord } from '../move-record.ts';
import type { Claim, PastDecision, PredictionRow } from '../records.ts';
import { recordedInput } from './recorded-input.ts';

/** One look as the store has it. */
export interface RecordedLook {
  readonly lookMs: number;
  readonly config: Config;
  readonly decisions: readonly Decision[];
  readonly predictions: readonly PredictionRow[];
  /** Moves that were open when it decided. */
  readonly claims: readonly Pick<Claim, 'app' | 'from' | 'to'>[];
  /** Moves that had ended when it decided, newest first. */
  readonly moves: readonly MoveRecord[];
}

export interface RecordsReplay {
  /** Decides a look again; call it look by look, oldest first. */
  next(look: RecordedLook): readonly Decision[];
}

/**
 * Decides recorded looks again, each from what was known then, with the policies of their configurations or with one policy for all apps.
 * Where the apps were stays as recorded: what another decision would have led to is not known. What `sustained` counts are the decisions of the replay
 * itself, and before its first look the recorded ones, `past`.
 */
export function replayRecords(past: readonly PastDecision[], policy?: Policy): RecordsReplay {
  const pastOf = new Map<string, readonly PastDecision[]>();
  for (const p of past) pastOf.set(p.app, [...(pastOf.get(p.app) ?? []), p]);
  return {
    next(look) {
      const predictions = new Map(look.predictions.map((p) => [p.app, p]));
      const decided = look.decisions.map((decision) => {
        const prediction = predictions.get(decision.app);
        const input = recordedInput({
          decision,
          config: look.config,
          moves: look.moves,
          ...(prediction && { prediction }),
          ...(policy && { policy }),
        });
        if (!input) return decision;
        return decide({ ...input, past: (pastOf.get(decision.app) ?? []).slice(0, input.policy.sustained.of - 1) });
      });
      const allocated = allocate({ ...limitsOf(look), decisions: decided });
      for (const d of allocated)
        if (!isRecordOnly(d)) pastOf.set(d.app, [pastDecision(d), ...(pastOf.get(d.app) ?? [])].slice(0, PAST_MAX));
      return allocated;
    },
  };
}

/** The most looks a policy may count, less the present one. */
const PAST_MAX = 63;

/** Looks that were only recorded are no past. */
function isRecordOnly({ gates }: Decision): boolean {
  return gates.some((g) => g.gate === 'observe' && g.numbers['recordOnly'] === 1);
}

export function limitsOf({ config, claims, decisions }: RecordedLook) {
  return {
    claims,
    budgets: config.budgets,
    namespaces: new Map(Object.entries(config.apps).map(([app, spec]) => [app, spec.namespace])),
    capacity: new Map(
      Object.entries(config.sites).flatMap(([site, spec]) => (spec.maxApps === undefined ? [] : [[site, spec.maxApps] as const])),
    ),
    placements: decisions.map(({ app, from }) => ({ app, ...(from !== undefined && { site: from }) })),
  };
}

export function pastDecision(d: Decision): PastDecision {
  return {
    app: d.app,
    lookMs: d.lookMs,
    verdict: d.verdict,
    wanted: isWanted(d),
    ...(d.from !== undefined && { from: d.from }),
    ...(d.to !== undefined && { to: d.to }),
  };
}
