import type { Barrier, Decision, Gate, Trust, Verdict } from './decision.ts';

/** Codes that stored rows carry. Append only: a code never changes its meaning, and a new gate takes the next free one. */
export const VERDICT_CODE: Readonly<Record<Verdict, number>> = { stay: 0, hold: 1, recommend: 2, move: 3 };

export const REASON_CODE: Readonly<Record<Decision['reason'], number>> = {
  ok: 0,
  'no-better-site': 1,
  mode: 2,
  pause: 3,
  override: 4,
  freeze: 5,
  observe: 6,
  fresh: 7,
  complete: 8,
  trust: 9,
  feasible: 10,
  busy: 11,
  objective: 12,
  rule: 13,
  gain: 14,
  sustained: 15,
  cooldown: 16,
  quarantine: 17,
  budget: 18,
  window: 19,
  approval: 20,
  breaker: 21,
  rights: 22,
  horizon: 23,
  blind: 24,
};

export const PREDICTOR_CODE: Readonly<Record<Decision['predictor'], number>> = { none: 0, rule: 1, baseline: 2, model: 3 };

export const TRUST_CODE: Readonly<Record<Trust, number>> = { insufficient: 0, provisional: 1, trusted: 2 };

export const BARRIER_CODE: Readonly<Record<Barrier, number>> = {
  'no-prediction': 0,
  absurd: 1,
  stale: 2,
  incomplete: 3,
  quarantined: 4,
  late: 5,
};

/**
 * The figures a gate may record, at most 14 each, in the order in which they are stored; append only.
 * Times are seconds, ages and remaining times relative to the clock of the decision; yes is 1 and no is 0;
 * trust is its code; counts are counts; everything else is score points or shares in [0,1].
 */
export const GATE_NUMBERS = {
  mode: ['automatic', 'approve'],
  pause: ['paused', 'held', 'leftS'],
  override: ['forced', 'atTarget', 'allowed', 'leftS'],
  freeze: ['fleetPaused', 'leftS', 'fleetFrozen', 'appFrozen'],
  breaker: ['open', 'moves', 'reverts', 'limit'],
  observe: ['recordOnly', 'gapS', 'limitS'],
  blind: ['apps', 'appsSeen', 'sites', 'sitesSeen', 'limit'],
  fresh: ['limitS', 'lateS', 'appAgeS', 'fromAgeS', 'toAgeS', 'agree', 'fromKnown', 'knownOthers'],
  complete: ['limit', 'app', 'from', 'to'],
  trust: ['from', 'to', 'ageS', 'maxAgeS'],
  rights: ['model', 'modelMoves', 'modelGain', 'site', 'siteMoves', 'siteGain', 'floor'],
  horizon: ['horizonS', 'lateS', 'moveS'],
  feasible: ['feasible', 'others'],
  busy: ['busy', 'moving'],
  objective: ['score', 'slo', 'cost', 'cheaper'],
  rule: ['from', 'to'],
  gain: ['gain', 'needed', 'error', 'pessimistic', 'cost', 'saved', 'savedNeeded'],
  sustained: ['wanted', 'needed', 'of'],
  cooldown: ['leftS'],
  quarantine: ['leftS'],
  budget: [
    'fleet',
    'fleetLimit',
    'namespace',
    'namespaceLimit',
    'source',
    'sourceLimit',
    'destination',
    'destinationLimit',
    'headroom',
    'open',
  ],
  window: ['limited', 'blackout', 'minute'],
  approval: ['needed', 'waiting', 'lost'],
} as const satisfies Readonly<Record<Gate, readonly string[]>>;

/** What a gate records: a subset of its figures; a figure that could not be told is undefined or not finite here, and absent in the record. */
export type GateFigures<G extends Gate> = { readonly [N in (typeof GATE_NUMBERS)[G][number]]?: number | undefined };

/** The key of a code; throws RangeError for a code this build does not know, because a guess would falsify a record. */
export function ofCode<K extends string>(codes: Readonly<Record<K, number>>, code: number, what: string): K {
  for (const key in codes) if (codes[key] === code) return key;
  throw new RangeError(`unknown ${what} code ${code}`);
}
