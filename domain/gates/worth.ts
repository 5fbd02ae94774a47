import type { Assessed } from '../assess.ts';
import type { Policy } from '../config.ts';
import { type GateContext, type Ruling, ruling, unlessForced } from './context.ts';

/** An app whose present site is predicted to be good enough stays. */
export function objectiveGate(c: GateContext): Ruling {
  const score = c.current?.candidate.qos?.p50;
  const { slo } = c.input.objective;
  return ruling('objective', { pass: score !== undefined && score < slo, effect: unlessForced(c, 'stay') }, { score, slo });
}

export interface GainFigures {
  readonly pass: boolean;
  /** p50 of the target less p50 of the present site; NaN = unknown, like all of these. */
  readonly gain: number;
  readonly needed: number;
  /** Mean of the two sites' mean absolute errors. */
  readonly error: number;
  /** p10 of the target less p50 of the present site. */
  readonly pessimistic: number;
}

/**
 * The gain must be above the greatest of the absolute margin, the share of the present score and the error margin; and the intervals may overlap
 * only so far that even the pessimistic end of the target (p10) is above what is expected of the present site (p50).
 */
export function gainFigures(policy: Pick<Policy, 'margin'>, from: Assessed | undefined, to: Assessed | undefined): GainFigures {
  const here = from?.candidate.qos;
  const there = to?.candidate.qos;
  const { absolute, relative, errors } = policy.margin;
  const now = here?.p50 ?? NaN;
  const gain = (there?.p50 ?? NaN) - now;
  const pessimistic = (there?.p10 ?? NaN) - now;
  const error = ((from?.candidate.error ?? NaN) + (to?.candidate.error ?? NaN)) / 2;
  const needed = Math.max(absolute, relative * now, errors === 0 ? 0 : errors * error);
  return { pass: gain > needed && pessimistic > 0, gain, needed, error, pessimistic };
}

export function gainGate(c: GateContext): Ruling {
  const { pass, ...figures } = gainFigures(c.input.policy, c.current, c.target);
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
