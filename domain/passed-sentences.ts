import type { Gate, GateResult } from './decision.ts';
import { type Figures, figuresOf, left } from './gate-sentences.ts';

/** What a gate found in order, from its figures alone. */
const PASSED: { readonly [G in Gate]: (n: Figures<G>) => string } = {
  mode: (n) => (n.is('approve') ? 'the app may move once somebody approves' : 'the app may move by itself'),
  pause: () => 'the app is neither paused nor held',
  override: (n) => (n.is('forced') ? `an operator wants the app on the target${left(n)}` : 'no override is in force'),
  freeze: () => 'neither the fleet nor the app is paused or frozen',
  breaker: (n) =>
    n.has('moves')
      ? `the breaker is closed: of the last ${n.count('moves')} moves ${n.count('reverts')} were undone; of enough moves a share of ${n.score('limit')} opens it`
      : 'the breaker is closed',
  observe: (n) => `the look before was ${n.seconds('gapS')} ago, at most ${n.seconds('limitS')} is no gap`,
  blind: (n) =>
    n.has('apps')
      ? `fresh samples are there of ${n.count('appsSeen')} of ${n.count('apps')} apps and ${n.count('sitesSeen')} of ${n.count('sites')} sites, a share of ${n.score('limit')} may be without`
      : 'how much of the fleet is seen was not asked',
  fresh: (n) =>
    `the newest samples are ${n.seconds('appAgeS')} (app), ${n.seconds('fromAgeS')} (its site) and ${n.seconds('toAgeS')} (target) old, the limit is ${n.seconds('limitS')}`,
  complete: (n) =>
    `present are ${n.score('app')} of the app's samples, ${n.score('from')} of its site's and ${n.score('to')} of the target's, ${n.score('limit')} are needed`,
  trust: (n) => `the evidence is ${n.trust('from')} on the present site and ${n.trust('to')} on the target`,
  rights: (n) =>
    n.has('modelGain')
      ? `the last ${n.count('modelMoves')} measured moves of this model gained ${n.score('modelGain')} in the mean${n.has('siteGain') ? `, ${n.count('siteMoves')} of them to the target ${n.score('siteGain')}` : ''}; the floor is ${n.score('floor')}`
      : 'no move speaks against what predicted this',
  horizon: (n) =>
    n.has('moveS')
      ? `the prediction reaches ${n.seconds('horizonS')} ahead, ${n.seconds('lateS')} of which are over, and a move to the target takes ${n.seconds('moveS')}`
      : `the prediction reaches ${n.seconds('horizonS')} ahead; how long a move to the target takes has not been measured often enough`,
  feasible: (n) => `the target can take the app (other sites that can: ${n.count('feasible')} of ${n.count('others')})`,
  busy: () => 'nobody is changing the workload, and no move of it is under way',
  objective: (n) =>
    n.is('cheaper')
      ? `the target is good enough and costs less than the present site's ${n.score('cost')} an hour`
      : `the present site is not good enough: ${n.score('score')} with an objective of ${n.score('slo')}`,
  rule: (n) => `what is observed now scores the target ${n.score('to')} and the present site ${n.score('from')}; a saturated site scores 0`,
  gain: gainSentence,
  sustained: (n) => `the same move was wanted in ${n.count('wanted')} of the last ${n.count('of')} looks, ${n.count('needed')} are needed`,
  cooldown: () => 'the app is not cooling down',
  quarantine: () => 'no move to the target went wrong of late',
  budget: (n) =>
    n.has('fleet')
      ? `moves under way: fleet ${n.count('fleet')} of ${n.count('fleetLimit')}, namespace ${n.count('namespace')} of ${n.count('namespaceLimit')}, source ${n.count('source')} of ${n.count('sourceLimit')}, destination ${n.count('destination')} of ${n.count('destinationLimit')}`
      : 'budgets are asked of moves alone',
  window: (n) => (n.is('limited') ? 'a window of its policy is open' : 'its policy names no windows'),
  approval: () => 'no approval is needed',
};

/** One plain sentence, without a full stop, on what this gate saw when it passed. */
export function passedSentence({ gate, numbers }: GateResult): string {
  return (PASSED[gate] as (n: Figures<Gate>) => string)(figuresOf(numbers));
}

function gainSentence(n: Figures<'gain'>): string {
  const cost = n.has('cost') ? `, and the move itself costs ${n.score('cost')}` : '';
  const saved = n.has('saved') ? `; it saves ${n.score('saved')} an hour, more than ${n.score('savedNeeded')} is needed` : '';
  return `the gain is ${n.score('gain')}, ${n.score('needed')} is needed${cost}; at its pessimistic end it is ${n.score('pessimistic')}${saved}`;
}
