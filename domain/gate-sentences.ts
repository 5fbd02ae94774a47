import { type GATE_NUMBERS, ofCode, TRUST_CODE } from './decision-codes.ts';
import type { Gate, GateResult } from './decision.ts';

/** The figures of one gate as text: scores with two digits, times as seconds, `unknown` for what could not be told. */
export interface Figures<G extends Gate> {
  readonly has: (name: (typeof GATE_NUMBERS)[G][number]) => boolean;
  readonly is: (name: (typeof GATE_NUMBERS)[G][number]) => boolean;
  readonly score: (name: (typeof GATE_NUMBERS)[G][number]) => string;
  readonly count: (name: (typeof GATE_NUMBERS)[G][number]) => string;
  readonly seconds: (name: (typeof GATE_NUMBERS)[G][number]) => string;
  readonly trust: (name: (typeof GATE_NUMBERS)[G][number]) => string;
}

/** Why a gate did not pass, from its figures alone. */
const FAILED: { readonly [G in Gate]: (n: Figures<G>) => string } = {
  mode: () => 'this app is in recommend mode: berth shows what it would do',
  pause: (n) =>
    n.is('held') ? 'the app is held until an operator resumes it, because a move could not be undone' : `the app is paused${left(n)}`,
  override: (n) => (n.is('atTarget') ? `an override keeps the app here${left(n)}` : 'an override names a site the app may not run on'),
  freeze: (n) =>
    `${n.is('appFrozen') ? 'the app is frozen where it is' : `the fleet is ${n.is('fleetFrozen') ? 'frozen' : 'paused'}`}${left(n)}`,
  breaker: (n) =>
    `the breaker is open: ${n.count('reverts')} of the last ${n.count('moves')} moves were undone, a share of ${n.score('limit')} is the limit`,
  observe: observeSentence,
  blind: (n) =>
    `too little of the fleet is seen: fresh samples are there of ${n.count('appsSeen')} of ${n.count('apps')} apps and ${n.count('sitesSeen')} of ${n.count('sites')} sites, a share of ${n.score('limit')} may be without`,
  fresh: freshSentence,
  complete: (n) =>
    `too many samples are missing: present are ${n.score('app')} of the app's, ${n.score('from')} of its site's and ${n.score('to')} of the target's, ${n.score('limit')} are needed`,
  trust: (n) =>
    `the model is ${n.trust('from')} on the present site and ${n.trust('to')} on the target${n.has('ageS') ? `: its newest evidence is ${n.seconds('ageS')} old, limit ${n.seconds('maxAgeS')}, and a new profile is wanted` : ''}`,
  rights: (n) =>
    `the moves of this model have turned out too badly: ${n.count('modelMoves')} of late gained ${n.score('modelGain')} in the mean${n.has('site') ? `, ${n.count('siteMoves')} of them to the target ${n.score('siteGain')}` : ''}; at least ${n.score('floor')} is wanted`,
  horizon: (n) =>
    `a move to the target takes ${n.seconds('moveS')}, and the prediction reaches only ${n.seconds('horizonS')} ahead, ${n.seconds('lateS')} of which are over`,
  feasible: feasibleSentence,
  busy: (n) => (n.is('moving') ? 'a move of this app is under way' : 'somebody else is changing the workload'),
  objective: (n) =>
    n.has('score')
      ? `the present site is good enough: ${n.score('score')} with an objective of ${n.score('slo')}`
      : 'whether the present site is good enough cannot be told',
  rule: (n) => (n.has('to') ? 'what is observed now calls the target saturated' : 'what is observed now cannot confirm the target'),
  gain: gainSentence,
  sustained: (n) => `the same move was wanted in ${n.count('wanted')} of the last ${n.count('of')} looks, ${n.count('needed')} are needed`,
  cooldown: (n) => `the app cools down after its last move for another ${n.seconds('leftS')}`,
  quarantine: (n) => `a move to the target went wrong; it is left alone for another ${n.seconds('leftS')}`,
  budget: budgetSentence,
  window: (n) =>
    n.is('blackout')
      ? 'a blackout of its policy is in force'
      : `its policy has no window now, at minute ${n.count('minute')} of the day in its zone`,
  approval: (n) =>
    n.is('waiting')
      ? 'the move waits for an approval'
      : n.is('lost')
        ? 'the moves of this model have turned out so badly that each wants an approval now'
        : 'moves of this app want an approval',
};

/** One plain sentence, without a full stop, on why this gate did not pass. */
export function failedSentence({ gate, numbers }: GateResult): string {
  // The union of the parameter types cannot be narrowed by the gate; the table above is checked gate by gate.
  return (FAILED[gate] as (n: Figures<Gate>) => string)(figuresOf(numbers));
}

export function figuresOf(numbers: GateResult['numbers']): Figures<Gate> {
  const value = (name: string) => numbers[name];
  return {
    has: (name) => value(name) !== undefined,
    is: (name) => value(name) === 1,
    score: (name) => digits(value(name), 2),
    count: (name) => digits(value(name), 0),
    seconds: (name) => secondsText(value(name)),
    trust: (name) => trustText(value(name)),
  };
}

export function digits(value: number | undefined, places: number): string {
  return value === undefined ? 'unknown' : value.toFixed(places);
}

export function secondsText(value: number | undefined): string {
  return value === undefined ? 'unknown' : `${Number(value.toFixed(1))} s`;
}

function trustText(code: number | undefined): string {
  return code === undefined ? 'unknown' : ofCode(TRUST_CODE, code, 'trust');
}

export function left(n: Figures<'pause'> | Figures<'override'> | Figures<'freeze'>): string {
  return n.has('leftS') ? ` for another ${n.seconds('leftS')}` : '';
}

function observeSentence(n: Figures<'observe'>): string {
  if (n.is('recordOnly')) return 'this look only records: it is a backfill, or came too late';
  if (!n.has('gapS')) return 'the first look only observes';
  return `the look before was ${n.seconds('gapS')} ago, above ${n.seconds('limitS')}: the first look after a gap only observes`;
}

function freshSentence(n: Figures<'fresh'>): string {
  if (!n.has('appAgeS')) return 'there is no prediction for the app, or no sample of it';
  if (!n.is('agree')) return 'where the app is now is not known for certain';
  if (!n.is('fromKnown'))
    return `there is no usable prediction of the present site (its newest sample is ${n.seconds('fromAgeS')} old, limit ${n.seconds('limitS')})`;
  if (n.count('knownOthers') === '0')
    return `there is no usable prediction of any other site (newest sample of the best: ${n.seconds('toAgeS')}, limit ${n.seconds('limitS')})`;
  return `the input is too old: the app's newest sample is ${n.seconds('appAgeS')} old, the decision ${n.seconds('lateS')} late, the limit ${n.seconds('limitS')}`;
}

function feasibleSentence(n: Figures<'feasible'>): string {
  if (n.count('others') === '0') return 'there is no other site the app may run on';
  if (n.count('feasible') === '0') return 'no other site can take the app';
  return 'the sites that can take the app are out for other reasons';
}

function gainSentence(n: Figures<'gain'>): string {
  if (!n.has('gain')) return 'the gain cannot be told';
  if (!n.has('needed')) return `the gain is ${n.score('gain')}, but without evidence its margin cannot be told`;
  const cost = n.has('cost') ? ` and the move itself costs ${n.score('cost')}` : '';
  const saved = n.has('saved') ? `; it would save ${n.score('saved')} an hour, more than ${n.score('savedNeeded')} is needed` : '';
  return `the gain is ${n.score('gain')}, ${n.score('needed')} is needed${cost}; at its pessimistic end it is ${n.score('pessimistic')}, above ${n.has('cost') ? n.score('cost') : '0'} is needed${saved}`;
}

function budgetSentence(n: Figures<'budget'>): string {
  if (n.is('open')) return 'a move of this app is under way';
  if (n.has('headroom') && !(Number(n.count('headroom')) > 0)) return 'the target is full, moves under way counted';
  const used = (name: 'fleet' | 'namespace' | 'source' | 'destination') => `${name} ${n.count(name)} of ${n.count(`${name}Limit`)}`;
  return `a budget of moves at a time is used up: ${used('fleet')}, ${used('namespace')}, ${used('source')}, ${used('destination')}`;
}
