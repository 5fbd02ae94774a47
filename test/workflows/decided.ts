import type { Decision } from '../../domain/decision.ts';
import { GATES } from '../../domain/decision.ts';
import type { World } from './environment.ts';

/** Writes a look that decided about one app, as `decideFleet` would have. Returns the id of the decision. */
export async function decided(world: World, app: string, to: string, more: Partial<Decision> & { ageMs?: number } = {}): Promise<string> {
  const { ageMs = 0, ...change } = more;
  const lookMs = Date.now() - ageMs;
  const decision: Decision = {
    id: `${app}-${lookMs}`,
    app,
    lookMs,
    verdict: 'recommend',
    reason: 'approval',
    from: 's0',
    to,
    gain: 0.5,
    horizonS: 4,
    predictor: 'rule',
    policyVersion: 1,
    candidates: [],
    gates: GATES.map((gate) => ({ gate, pass: gate !== 'approval', numbers: {} })),
    ...change,
  };
  await world.store.openLook({ lookMs, configVersion: 1, openedMs: lookMs, recordOnly: false });
  await world.store.writeDecisions(lookMs, [decision], [], lookMs);
  return decision.id;
}
