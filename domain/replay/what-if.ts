import { allocate } from '../allocate.ts';
import type { Policy } from '../config.ts';
import { decide } from '../decide.ts';
import type { DecideInput } from '../decide-input.ts';
import type { Decision } from '../decision.ts';
import type { PredictionRow } from '../records.ts';
import { recordedInput } from './recorded-input.ts';
import { limitsOf, type RecordedLook } from './replay-records.ts';

export interface Change {
  /** A site that is gone: nothing can be there or go there. */
  readonly gone?: string;
  /** A site that takes nothing new, but keeps what it has. */
  readonly cordoned?: string;
  /** Score points that must be gained, for every app. */
  readonly margin?: number;
  /** Instead of each app's own. */
  readonly policy?: Policy;
}

export interface Foreseen {
  readonly app: string;
  readonly now: Decision;
  readonly then: Decision;
}

/**
 * What a look would decide for each app if something were different, beside what it would decide as things are. Both leave out waiting: that
 * a move has to be wanted for several looks, and cool-downs, because the question is what comes of it and not when.
 */
export function whatIf(look: RecordedLook, change: Change): readonly Foreseen[] {
  const [now, then] = [foresee(look, {}), foresee(look, change)];
  return now.flatMap((decision, i) => {
    const changed = then[i];
    return changed ? [{ app: decision.app, now: decision, then: changed }] : [];
  });
}

function foresee(look: RecordedLook, change: Change): readonly Decision[] {
  const predictions = new Map(look.predictions.map((p) => [p.app, p]));
  const decisions = look.decisions.flatMap((decision) => {
    const prediction = predictions.get(decision.app);
    const input = recordedInput({
      decision,
      config: look.config,
      moves: look.moves,
      ...(prediction && { prediction }),
      ...(change.policy && { policy: change.policy }),
    });
    return input ? [decide(changed({ ...input, past: [] }, change))] : [];
  });
  return allocate({ ...limitsOf(look), decisions });
}

function changed(input: DecideInput, { gone, cordoned, margin }: Change): DecideInput {
  const { policy, controller, prediction } = input;
  const refused = [
    ...(gone === undefined ? [] : [{ site: gone, refusal: 'what if: the site is gone' }]),
    ...(cordoned === undefined ? [] : [{ site: cordoned, refusal: 'what if: the site is cordoned' }]),
  ];
  const { coolUntilMs, ...uncooled } = controller ?? { app: input.app, seq: 0, paused: false, excluded: [], quarantine: [] };
  void coolUntilMs;
  return {
    ...input,
    policy: {
      ...policy,
      sustained: { looks: 1, of: 1 },
      ...(margin !== undefined && { margin: { ...policy.margin, absolute: margin } }),
    },
    controller: uncooled,
    refusals: [...input.refusals, ...refused],
    ...(prediction && gone !== undefined && { prediction: without(prediction, gone) }),
  };
}

/** An app on a site that is gone is served there no more: its score is 0, for certain. */
function without(prediction: PredictionRow, gone: string): PredictionRow {
  const at = prediction.sites.indexOf(gone);
  if (at < 0) return prediction;
  const q = prediction.q.slice();
  const rule = prediction.rule.slice();
  q.fill(0, at * 3, at * 3 + 3);
  rule[at] = 0;
  return { ...prediction, q, rule };
}
