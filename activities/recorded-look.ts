import type { Store } from '../connectors/store/types.ts';
import { configSchema } from '../domain/config.ts';
import type { Decision } from '../domain/decision.ts';
import { MOVES_READ, movesCountS } from '../domain/moves-so-far.ts';
import type { RecordedLook } from '../domain/replay/replay-records.ts';

/** Far above the decisions of any look. */
const DECISIONS_MAX = 1_000_000;

/** A look as the store has it. */
export async function recordedLook(
  store: Store,
  { lookMs, configVersion }: { lookMs: number; configVersion: number },
): Promise<RecordedLook> {
  const [predictions, decisions, config] = await Promise.all([
    store.readPredictions(lookMs),
    store.decisions({ fromMs: lookMs, toMs: lookMs, limit: DECISIONS_MAX }),
    store.configOf(configVersion),
  ]);
  // Defaults of keys that are newer than the configuration come from here.
  const parsed = configSchema.parse(config);
  const atMs = decidedAt(decisions, lookMs);
  const [claims, moves] = await Promise.all([
    store.claimsOpenAt(atMs),
    store.moveRecords({ sinceMs: lookMs - movesCountS(parsed) * 1000, untilMs: atMs, limit: MOVES_READ }),
  ]);
  return { lookMs, decisions, predictions, config: parsed, claims, moves };
}

/** The newest look that has decided; undefined = none has. */
export async function newestLook(store: Store): Promise<RecordedLook | undefined> {
  const [newest] = await store.decisions({ limit: 1 });
  if (!newest) return undefined;
  const [look] = await store.looks(newest.lookMs, newest.lookMs);
  return look && (await recordedLook(store, look));
}

/** Whether a look was decided from predictions that are no longer there: they are kept for a shorter time than decisions. */
export function hasLostPredictions({ predictions, decisions }: RecordedLook): boolean {
  const hadOne = ({ gates }: Decision) => gates.some((g) => g.gate === 'fresh' && g.numbers['appAgeS'] !== undefined);
  return predictions.length === 0 && decisions.some(hadOne);
}

/** When the look read its claims: just before its first decision. */
function decidedAt(decisions: readonly Decision[], lookMs: number): number {
  const late = decisions.map((d) => d.gates.find((g) => g.gate === 'fresh')?.numbers['lateS'] ?? 0);
  return lookMs + Math.round(1000 * late.reduce((a, b) => Math.min(a, b), Infinity));
}
