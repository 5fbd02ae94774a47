import { type Assessed, isFresh, lateS } from '../assess.ts';
import { isBlind } from '../sight.ts';
import { type GateContext, type Ruling, ruling, unlessForced, yes } from './context.ts';

/** Intervals without a look after which the next look only observes. */
const GAP_INTERVALS = 2;

/** A backfill or late look only records; the first look ever, or after a gap, only observes. */
export function observeGate(c: GateContext): Ruling {
  const { lookMs, previousMs, intervalS, recordOnly } = c.input;
  const gapS = previousMs === undefined ? NaN : (lookMs - previousMs) / 1000;
  const limitS = GAP_INTERVALS * intervalS;
  const pass = !recordOnly && gapS > 0 && gapS <= limitS;
  // What a backfill would have done is never done, whoever wants it.
  return ruling('observe', { pass, effect: recordOnly ? 'hold' : unlessForced(c, 'hold') }, { recordOnly: yes(recordOnly), gapS, limitS });
}

/** Enough of the fleet is seen. Whoever forces a move has looked for himself. */
export function blindGate(c: GateContext): Ruling {
  const { sight } = c.input;
  const { apps, appsSeen, sites, sitesSeen, limit } = sight ?? {};
  const pass = !sight || !isBlind(sight);
  return ruling('blind', { pass, effect: unlessForced(c, 'hold') }, { apps, appsSeen, sites, sitesSeen, limit });
}

/**
 * Where the app is now must be observed, must be where the prediction thinks it is, and app, present site and target must have fresh samples
 * and a sane prediction whose time has not come yet. A forced move needs to know only where the app is.
 */
export function freshGate(c: GateContext): Ruling {
  const { input, current, target, sites } = c;
  const late = lateS(input);
  const appAgeS = (input.prediction?.appAgeS ?? NaN) + late;
  const agree = input.placement.site !== undefined && input.prediction?.placed === input.placement.site;
  const others = sites.filter((s) => s !== current);
  const inTime = late <= input.policy.freshness && (c.predictor === 'rule' || late < c.horizonS);
  const pass = agree && inTime && isFresh(input, appAgeS) && isKnown(current) && (others.length === 0 || isKnown(target));
  return ruling(
    'fresh',
    { pass, effect: input.placement.site === undefined ? 'hold' : unlessForced(c, 'hold') },
    {
      limitS: input.policy.freshness,
      lateS: late,
      appAgeS,
      fromAgeS: current?.ageS,
      toAgeS: target?.ageS,
      agree: yes(agree),
      fromKnown: yes(isKnown(current)),
      knownOthers: others.filter(isKnown).length,
    },
  );
}

/** A sane prediction from fresh samples; whether enough of them is the next gate's business. */
function isKnown(site: Assessed | undefined): boolean {
  const barred = site?.candidate.barred;
  return site !== undefined && barred !== 'no-prediction' && barred !== 'absurd' && barred !== 'late' && barred !== 'stale';
}

/** Enough of the window's samples are there: of the app, of its site and of the target. */
export function completeGate(c: GateContext): Ruling {
  const { input, current, target, sites } = c;
  const limit = input.policy.completeness;
  const app = input.prediction?.appComplete ?? NaN;
  const from = current?.complete ?? NaN;
  const to = target?.complete ?? NaN;
  const alone = current !== undefined && sites.length === 1;
  return ruling(
    'complete',
    { pass: app >= limit && from >= limit && (alone || to >= limit), effect: unlessForced(c, 'hold') },
    { limit, app, from, to },
  );
}
