import { describe, expect, test } from 'vitest';
import { siteSchema } from '../../domain/config.ts';
import type { DecideInput } from '../../domain/decide-input.ts';
import { decide } from '../../domain/decide.ts';
import { type Decision, GATES, type Gate } from '../../domain/decision.ts';
import type { Right, Rights } from '../../domain/rights.ts';
import { BAD_TO_GOOD, controller, decideCase, evidence, LOOK, NOW, policy, prediction, type Scores } from './decide-case.ts';

const gateOf = (d: Decision, gate: Gate) => d.gates.find((g) => g.gate === gate);
const without = (key: 'prediction' | 'previousMs'): DecideInput => {
  const { [key]: _, ...rest } = decideCase();
  return rest;
};

const said = { by: 'ann', reason: 'audit' };
const scores = (change: Partial<Scores>): Scores => ({ ...BAD_TO_GOOD, ...change }) as Scores;
const rights = (right: Right): Rights => ({ right, moves: 5, undone: 0, gain: -0.2 });
const fails: readonly [string, DecideInput, Decision['verdict'], Decision['reason'], Gate][] = [
  ['recommend-only', decideCase({ policy: policy({ mode: 'recommend' }) }), 'recommend', 'mode', 'mode'],
  ['approval wanted', decideCase({ policy: policy({ mode: 'approve' }) }), 'recommend', 'approval', 'approval'],
  ['the app is paused', decideCase({ controller: controller({ paused: true }) }), 'hold', 'pause', 'pause'],
  [
    'held after a move that could not be undone',
    decideCase({ controller: controller({ held: 'revert failed' }) }),
    'hold',
    'pause',
    'pause',
  ],
  ['the fleet is paused', decideCase({ fleet: { seq: 1, paused: true } }), 'hold', 'freeze', 'freeze'],
  ['the fleet is frozen', decideCase({ fleet: { seq: 1, paused: false, frozen: said } }), 'hold', 'freeze', 'freeze'],
  ['the app is frozen', decideCase({ controller: controller({ frozen: said }) }), 'hold', 'freeze', 'freeze'],
  [
    'the app is frozen, whatever an override says',
    decideCase({ controller: controller({ frozen: said, override: { site: 'b', ...said } }) }),
    'hold',
    'freeze',
    'freeze',
  ],
  ['the breaker is open', decideCase({ breaker: { open: true, moves: 10, reverts: 5, limit: 0.4 } }), 'hold', 'breaker', 'breaker'],
  [
    'the target is excluded for the fleet',
    decideCase({ fleet: { seq: 1, paused: false, excluded: [{ site: 'b', ...said }] } }),
    'stay',
    'feasible',
    'feasible',
  ],
  [
    'outside its windows',
    decideCase({ policy: policy({ windows: { open: [{ from: '00:00', to: '01:00' }] } }) }),
    'hold',
    'window',
    'window',
  ],
  [
    'in a blackout',
    decideCase({ policy: policy({ windows: { blackout: [{ name: 'launch', from: '2023-11-14' }] } }) }),
    'hold',
    'window',
    'window',
  ],
  [
    'the moves of the model have turned out too badly',
    decideCase({ rights: { model: rights('recommend'), sites: new Map() } }),
    'recommend',
    'rights',
    'rights',
  ],
  [
    'those to the target have',
    decideCase({ rights: { model: rights('automatic'), sites: new Map([['b', rights('recommend')]]) } }),
    'recommend',
    'rights',
    'rights',
  ],
  [
    'the model has lost the right to move without approval',
    decideCase({ rights: { model: rights('approve'), sites: new Map() } }),
    'recommend',
    'approval',
    'approval',
  ],
  ['the move takes longer than the forecast reaches', decideCase({ moveS: new Map([['b', 4.1]]) }), 'recommend', 'horizon', 'horizon'],
  [
    'a move that takes so long that it costs more than it gains',
    decideCase({ moveS: new Map([['b', 3.5]]), policy: policy({ switching: { payback: '2s' }, margin: { absolute: 0.3 } }) }),
    'stay',
    'gain',
    'gain',
  ],
  ['a backfill', decideCase({ recordOnly: true }), 'hold', 'observe', 'observe'],
  ['the first look', without('previousMs'), 'hold', 'observe', 'observe'],
  ['the first look after a gap', decideCase({ previousMs: LOOK - 4001 }), 'hold', 'observe', 'observe'],
  [
    'too little of the fleet is seen',
    decideCase({ sight: { apps: 20, appsSeen: 10, sites: 4, sitesSeen: 4, limit: 0.45 } }),
    'hold',
    'blind',
    'blind',
  ],
  ['no prediction at all', without('prediction'), 'hold', 'fresh', 'fresh'],
  ['no model', decideCase({ prediction: prediction(BAD_TO_GOOD, { predictor: 'none' }) }), 'hold', 'fresh', 'fresh'],
  [
    'a rule where the policy wants a model',
    decideCase({ prediction: prediction(BAD_TO_GOOD, { predictor: 'rule' }) }),
    'hold',
    'fresh',
    'fresh',
  ],
  ['placement could not be told', decideCase({ placement: { app: 'web' } }), 'hold', 'fresh', 'fresh'],
  [
    'the app is not where the prediction thinks',
    decideCase({ prediction: prediction(BAD_TO_GOOD, { placed: 'b' }) }),
    'hold',
    'fresh',
    'fresh',
  ],
  [
    'the app is on a site it may not run on',
    decideCase({ placement: { app: 'web', site: 'z' }, prediction: prediction(BAD_TO_GOOD, { placed: 'z' }) }),
    'hold',
    'fresh',
    'fresh',
  ],
  ['stale app samples', decideCase({ prediction: prediction(BAD_TO_GOOD, { appAgeS: 4.9 }) }), 'hold', 'fresh', 'fresh'],
  [
    'stale samples of the present site',
    decideCase({ prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(6, 0) }) }),
    'hold',
    'fresh',
    'fresh',
  ],
  [
    'stale samples of the target',
    decideCase({ prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(0, 6) }) }),
    'hold',
    'fresh',
    'fresh',
  ],
  [
    'samples from the future',
    decideCase({ prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(-600, 0) }) }),
    'hold',
    'fresh',
    'fresh',
  ],
  [
    'samples of unknown age',
    decideCase({ prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(0, NaN) }) }),
    'hold',
    'fresh',
    'fresh',
  ],
  [
    'a prediction for a time that has come',
    decideCase({ nowMs: LOOK + 4000, prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(0, 0), appAgeS: 0 }) }),
    'hold',
    'fresh',
    'fresh',
  ],
  ['unknown present site', decideCase({}, scores({ a: [NaN, NaN, NaN, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['unknown target', decideCase({}, scores({ b: [NaN, NaN, NaN, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['an infinite score', decideCase({}, scores({ b: [0.7, 0.8, Infinity, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['a score above 1', decideCase({}, scores({ b: [0.7, 0.8, 1.1, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['a negative score', decideCase({}, scores({ a: [-0.1, 0.3, 0.4, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['quantiles out of order', decideCase({}, scores({ b: [0.9, 0.8, 0.95, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['gaps in the app’s samples', decideCase({ prediction: prediction(BAD_TO_GOOD, { appComplete: 0.69 }) }), 'hold', 'complete', 'complete'],
  [
    'gaps in the present site’s samples',
    decideCase({ prediction: prediction(BAD_TO_GOOD, { complete: Float32Array.of(0.5, 1) }) }),
    'hold',
    'complete',
    'complete',
  ],
  [
    'gaps in the target’s samples',
    decideCase({ prediction: prediction(BAD_TO_GOOD, { complete: Float32Array.of(1, NaN) }) }),
    'hold',
    'complete',
    'complete',
  ],
  ['no evidence for the target', decideCase({ evidence: [evidence('a')] }), 'hold', 'trust', 'trust'],
  ['no evidence for the present site', decideCase({ evidence: [evidence('b')] }), 'hold', 'trust', 'trust'],
  ['evidence of another version', decideCase({ evidence: [evidence('a'), evidence('b', { version: 2 })] }), 'hold', 'trust', 'trust'],
  ['provisional evidence', decideCase({ evidence: [evidence('a'), evidence('b', { samples: 29 })] }), 'recommend', 'trust', 'trust'],
  ['the cluster refuses', decideCase({ refusals: [{ site: 'b', refusal: 'full' }] }), 'stay', 'feasible', 'feasible'],
  [
    'the target is cordoned',
    decideCase({
      sites: [
        { site: 'a', spec: siteSchema.parse({}) },
        { site: 'b', spec: siteSchema.parse({ cordoned: true }) },
      ],
    }),
    'stay',
    'feasible',
    'feasible',
  ],
  [
    'the operator excluded the target',
    decideCase({ controller: controller({ excluded: [{ site: 'b', by: 'ann', reason: 'audit' }] }) }),
    'stay',
    'feasible',
    'feasible',
  ],
  ['a rollout is under way', decideCase({ placement: { app: 'web', site: 'a', busy: 'rollout' } }), 'hold', 'busy', 'busy'],
  ['a move is under way', decideCase({ controller: controller({ moving: 'move/web/x' }) }), 'hold', 'busy', 'busy'],
  ['the present site is good enough', decideCase({}, scores({ a: [0.5, 0.6, 0.7, 0.6] })), 'stay', 'objective', 'objective'],
  ['the rule calls the target saturated', decideCase({}, scores({ b: [0.7, 0.8, 0.9, 0] })), 'stay', 'rule', 'rule'],
  ['the rule cannot tell', decideCase({}, scores({ b: [0.7, 0.8, 0.9, NaN] })), 'recommend', 'rule', 'rule'],
  [
    'gain below the absolute margin',
    decideCase({ policy: policy({ margin: { absolute: 0.5001, relative: 0, errors: 0 } }) }),
    'stay',
    'gain',
    'gain',
  ],
  [
    'gain below the relative margin',
    decideCase({ policy: policy({ margin: { absolute: 0, relative: 1, errors: 0 } }) }, scores({ a: [0.3, 0.45, 0.5, 0.4] })),
    'stay',
    'gain',
    'gain',
  ],
  [
    'gain below the error margin',
    decideCase({ policy: policy({ margin: { absolute: 0, relative: 0, errors: 5.1 } }) }),
    'stay',
    'gain',
    'gain',
  ],
  ['two sites 5 % apart with 20 % error', decideCase({}, { a: [0.35, 0.55, 0.75, 0.5], b: [0.4, 0.6, 0.8, 0.5] }), 'stay', 'gain', 'gain'],
  ['overlapping intervals', decideCase({}, { a: [0.2, 0.3, 0.6, 0.5], b: [0.29, 0.6, 0.8, 0.5] }), 'stay', 'gain', 'gain'],
  ['nothing better elsewhere', decideCase({}, { a: [0.2, 0.3, 0.6, 0.5], b: [0.1, 0.2, 0.3, 0.5] }), 'stay', 'no-better-site', 'gain'],
  ['nowhere else to go', decideCase({}, { a: [0.2, 0.3, 0.6, 0.5] }), 'stay', 'no-better-site', 'feasible'],
  ['not wanted for long enough', decideCase({ policy: policy({ sustained: { looks: 2, of: 3 } }) }), 'stay', 'sustained', 'sustained'],
  ['cooling down', decideCase({ controller: controller({ coolUntilMs: NOW + 1 }) }), 'hold', 'cooldown', 'cooldown'],
  [
    'quarantined target',
    decideCase({ controller: controller({ quarantine: [{ site: 'b', untilMs: NOW + 1 }] }) }),
    'stay',
    'quarantine',
    'quarantine',
  ],
];

describe('one gate that fails decides', () => {
  test.each(fails)('%s', (_, input, verdict, reason, gate) => {
    const d = decide(input);
    expect({ verdict: d.verdict, reason: d.reason }).toEqual({ verdict, reason });
    expect(gateOf(d, gate)?.pass).toBe(false);
    expect(d.gates).toHaveLength(GATES.length);
  });

  test('and the gates behind it are judged all the same', () => {
    const d = decide(decideCase({ controller: controller({ paused: true, coolUntilMs: NOW + 3000 }) }));
    expect(d.reason).toBe('pause');
    expect(gateOf(d, 'cooldown')).toMatchObject({ pass: false, numbers: { leftS: 3 } });
    expect(gateOf(d, 'objective')?.pass).toBe(true);
  });

  test('staying goes before recommending, whatever the order of the gates', () => {
    expect(decide(decideCase({ policy: policy({ mode: 'recommend' }) }, scores({ a: [0.6, 0.7, 0.8, 0.6] }))).reason).toBe('objective');
  });
});
