import type { Assessed } from '../assess.ts';
import type { Objective, Policy } from '../config.ts';
import type { DecideInput } from '../decide-input.ts';
import { type GateContext, type Ruling, ruling, unlessForced, yes } from './context.ts';

/** An app whose present site is predicted to be good enough stays, unless a cheaper site is, too, and the objective prefers that. */
export function objectiveGate(c: GateContext): Ruling {
  const score = c.current?.candidate.qos?.p50;
  const { slo, prefer } = c.input.objective;
  const cheaper = prefer === 'cheapest' && isCheaper(c.input, c.current, c.target);
  return ruling(
    'objective',
    { pass: score !== undefined && (score < slo || cheaper), effect: unlessForced(c, 'stay') },
    { score, slo, ...(prefer === 'cheapest' && { cost: c.current?.costPerHour, cheaper: yes(cheaper) }) },
  );
}

/** Whether a site costs less and its pessimistic end is still good enough. What costs are unknown is not cheap. */
export function isCheaper({ objective }: Pick<DecideInput, 'objective'>, from: Assessed | undefined, to: Assessed | undefined): boolean {
  const enough = objective.cheaperAt ?? objective.slo;
  return (to?.costPerHour ?? NaN) < (from?.costPerHour ?? NaN) && (to?.candidate.qos?.p10 ?? NaN) >= enough;
}

export interface GainFigures {
  readonly pass: boolean;
  /** What the target is worth less what the present site is, in score points (see `worthOf`); NaN = unknown, like all of these. */
  readonly gain: number;
  readonly needed: number;
  /** Mean of the two sites' mean absolute errors. */
  readonly error: number;
  /** The same as `gain` at the pessimistic end (p10) of the target. */
  readonly pessimistic: number;
  /** Score points that the move itself costs, spread over the time in which it must pay; undefined: its time was never measured. */
  readonly cost?: number;
  /** Where the objective prefers the cheapest site and this one is cheaper: cost per hour that is saved, and least that is wanted. */
  readonly saved?: number;
  readonly savedNeeded?: number;
}

export interface Ways {
  readonly from: Assessed | undefined;
  readonly to: Assessed | undefined;
}

/**
 * The gain, less what the move costs, must be above the greatest of the absolute margin, the share of the present score and the error margin; and the
 * intervals may overlap only so far that even the pessimistic end of the target (p10) is worth more than what is expected of the present site (p50)
 * and the move. For a cheaper site that is good enough the saving must be above the relative margin instead.
 */
export function gainFigures(input: Pick<DecideInput, 'policy' | 'objective' | 'moveS'>, { from, to }: Ways): GainFigures {
  const { policy, objective } = input;
  const { absolute, relative, errors } = policy.margin;
  const now = from?.candidate.qos?.p50 ?? NaN;
  const here = worthOf(objective, now);
  const gain = worthOf(objective, to?.candidate.qos?.p50 ?? NaN) - here;
  const pessimistic = worthOf(objective, to?.candidate.qos?.p10 ?? NaN) - here;
  const error = ((from?.candidate.error ?? NaN) + (to?.candidate.error ?? NaN)) / 2;
  const needed = Math.max(absolute, relative * now, errors === 0 ? 0 : errors * error);
  const cost = switchingCost(policy, to && input.moveS?.get(to.candidate.site), now);
  const figures = { gain, needed, error, pessimistic, ...(cost !== undefined && { cost }) };
  const worthIt = gain - (cost ?? 0) > needed && pessimistic - (cost ?? 0) > 0;
  if (objective.prefer !== 'cheapest' || !isCheaper(input, from, to)) return { ...figures, pass: worthIt };
  const saved = (from?.costPerHour ?? NaN) - (to?.costPerHour ?? NaN);
  const savedNeeded = relative * (from?.costPerHour ?? NaN);
  return { ...figures, saved, savedNeeded, pass: worthIt || saved > savedNeeded };
}

/** A score in points, those below the SLO counted `penalty` times more. */
function worthOf({ slo, penalty }: Pick<Objective, 'slo' | 'penalty'>, score: number): number {
  return penalty === undefined ? score : score - penalty * Math.max(0, slo - score);
}

/** The share of the present score that is lost while the app moves, over the time in which the move must have paid for it. */
function switchingCost({ switching }: Pick<Policy, 'switching'>, moveS: number | undefined, now: number): number | undefined {
  if (moveS === undefined || !Number.isFinite(now)) return undefined;
  return switching.loss * now * Math.min(1, moveS / switching.payback);
}

export function gainGate(c: GateContext): Ruling {
  const { pass, ...figures } = gainFigures(c.input, { from: c.current, to: c.target });
  return ruling('gain', { pass, effect: unlessForced(c, 'stay') }, figures);
}

/**
 * The same move was wanted in `looks` of the last `of` looks, this one included. Looks before a gap, from another site or of another time line
 * do not count.
 */
export function sustainedGate(c: GateContext, wantedNow: boolean): Ruling {
  const { past, policy, lookMs, intervalS } = c.input;
  const { looks, of } = policy.sustained;
  const from = c.current?.candidate.site;
  const to = c.target?.candidate.site;
  // Twice the interval per look, as for the gap: a look that is a little late still belongs to the same stretch.
  const sinceMs = lookMs - 2 * intervalS * 1000 * (of - 1);
  const earlier = past
    .slice(0, of - 1)
    .filter((p) => p.wanted && p.to === to && p.from === from && p.lookMs < lookMs && p.lookMs >= sinceMs).length;
  const wanted = earlier + (wantedNow ? 1 : 0);
  return ruling(
    'sustained',
    { pass: to !== undefined && wantedNow && wanted >= looks, effect: unlessForced(c, 'stay') },
    { wanted, needed: looks, of },
  );
}

/** Time since the last move; the controller makes it longer with every move that follows soon. */
export function cooldownGate(c: GateContext): Ruling {
  const { controller, nowMs } = c.input;
  const leftS = Math.max(0, ((controller?.coolUntilMs ?? nowMs) - nowMs) / 1000);
  return ruling('cooldown', { pass: leftS === 0, effect: unlessForced(c, 'hold') }, { leftS });
}
