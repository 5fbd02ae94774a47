import type { Assessed } from '../assess.ts';
import type { DecideInput } from '../decide-input.ts';
import type { GateFigures } from '../decision-codes.ts';
import type { Decision, Gate, GateResult } from '../decision.ts';
import type { ControllerRow } from '../records.ts';

/** What every gate may look at. */
export interface GateContext {
  readonly input: DecideInput;
  readonly predictor: Decision['predictor'];
  /** Seconds between the look and the time its prediction is for. */
  readonly horizonS: number;
  readonly sites: readonly Assessed[];
  /** The site the app was observed on, if it is one it may run on. */
  readonly current?: Assessed;
  /** The site it would move to: the operator's, or the best one left. */
  readonly target?: Assessed;
  /** The override in force. */
  readonly override?: NonNullable<ControllerRow['override']>;
  /** Score points the target is better than the present site; undefined = cannot be told. */
  readonly gain?: number;
}

/** What a failing gate does to the decision; `none`: it is recorded, and overruled by an operator. */
export type Effect = 'none' | 'recommend' | 'stay' | 'hold';

export interface Ruling extends GateResult {
  readonly effect: Effect;
}

/** The result of one gate; figures that could not be told are left out. */
export function ruling<G extends Gate>(gate: G, { pass, effect }: { pass: boolean; effect: Effect }, figures: GateFigures<G>): Ruling {
  const numbers: Record<string, number> = {};
  const given: Readonly<Record<string, number | undefined>> = figures;
  for (const name in given) {
    const value = given[name];
    if (value !== undefined && Number.isFinite(value)) numbers[name] = value;
  }
  return { gate, pass, numbers, effect };
}

/** An operator's override overrules every gate that weighs whether a move is wise; not those that say whether it can be done. */
export function unlessForced(context: GateContext, effect: Effect): Effect {
  return context.override ? 'none' : effect;
}

export function yes(value: boolean): number {
  return value ? 1 : 0;
}
