import type { Store } from '../connectors/store/types.ts';
import type { Policy } from '../domain/config.ts';
import type { Decision } from '../domain/decision.ts';
import { comparison, type Comparison } from '../domain/replay/compare.ts';
import { replayRecords } from '../domain/replay/replay-records.ts';
import { hasLostPredictions, recordedLook } from './recorded-look.ts';

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
  /** Only its decisions are compared; absent: all. */
  readonly app?: string;
  /** Instead of each app's own. */
  readonly policy?: Policy;
}

export interface ReplayedPeriod extends Comparison {
  /** Looks without their predictions, which are kept for a shorter time: nothing in them can be decided again. */
  readonly withoutPredictions: number;
}

/** Decides every look of a period again, from what the store has of it; writes nothing. */
export async function replayPeriod(
  store: Store,
  { fromMs, toMs, app, policy }: Period,
  onLook: () => void = () => undefined,
): Promise<ReplayedPeriod> {
  const looks = (await store.looks(fromMs, toMs)).filter((look) => look.decidedMs !== undefined);
  const replay = replayRecords(await store.pastDecisions(fromMs, 63), policy);
  const compared = comparison();
  let withoutPredictions = 0;
  for (const { lookMs, configVersion } of looks) {
    onLook();
    const look = await recordedLook(store, { lookMs, configVersion });
    if (hasLostPredictions(look)) {
      withoutPredictions++;
      continue;
    }
    const decided = replay.next(look);
    const wanted = (d: Decision) => app === undefined || d.app === app;
    compared.add(look.decisions.filter(wanted), decided.filter(wanted), look.config);
  }
  return { ...compared.result(), withoutPredictions };
}
