import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { siteSchema } from '../../domain/config.ts';
import type { DecideInput } from '../../domain/decide-input.ts';
import { decide, isForced } from '../../domain/decide.ts';
import { type Decision, GATES, type Gate } from '../../domain/decision.ts';
import type { PastDecision } from '../../domain/records.ts';
import { BAD_TO_GOOD, controller, decideCase, evidence, LOOK, NOW, policy, prediction, type Scores } from './decide-case.ts';

const gateOf = (d: Decision, gate: Gate) => d.gates.find((g) => g.gate === gate);
const past = (looksBack: number, change: Partial<PastDecision> = {}): PastDecision => ({ app: 'web', lookMs: LOOK - looksBack * 2000, from: 'a', to: 'b', wanted: true, ...change });
const without = (key: 'prediction' | 'previousMs'): DecideInput => {
  const { [key]: _, ...rest } = decideCase();
  return rest;
};

test('an app that will be served much better elsewhere is moved there', () => {
  const d = decide(decideCase());
  expect(d).toMatchObject({ id: `web-${LOOK}`, verdict: 'move', reason: 'ok', from: 'a', to: 'b', horizonS: 4, predictor: 'model', modelVersion: 3, policyVersion: 7 });
  expect(d.gain).toBeCloseTo(0.5, 6);
  expect(d.gates.map((g) => g.gate)).toEqual([...GATES]);
  expect(d.gates.every((g) => g.pass)).toBe(true);
});

test('the gain gate records what it compared', () => {
  // 0.8 - 0.3 against max(0.05, 0.1 * 0.3, 1 * 0.1); the pessimistic end is 0.7 - 0.3.
  const numbers = gateOf(decide(decideCase()), 'gain')?.numbers ?? {};
  expect(numbers['gain']).toBeCloseTo(0.5, 6);
  expect(numbers['needed']).toBeCloseTo(0.1, 6);
  expect(numbers['error']).toBeCloseTo(0.1, 6);
  expect(numbers['pessimistic']).toBeCloseTo(0.4, 6);
});

const scores = (change: Partial<Scores>): Scores => ({ ...BAD_TO_GOOD, ...change }) as Scores;
const fails: readonly [string, DecideInput, Decision['verdict'], Decision['reason'], Gate][] = [
  ['recommend-only', decideCase({ policy: policy({ mode: 'recommend' }) }), 'recommend', 'mode', 'mode'],
  ['approval wanted', decideCase({ policy: policy({ mode: 'approve' }) }), 'recommend', 'mode', 'mode'],
  ['the app is paused', decideCase({ controller: controller({ paused: true }) }), 'hold', 'pause', 'pause'],
  ['held after a move that could not be undone', decideCase({ controller: controller({ held: 'revert failed' }) }), 'hold', 'pause', 'pause'],
  ['the fleet is paused', decideCase({ fleet: { seq: 1, paused: true } }), 'hold', 'freeze', 'freeze'],
  ['a backfill', decideCase({ recordOnly: true }), 'hold', 'observe', 'observe'],
  ['the first look', without('previousMs'), 'hold', 'observe', 'observe'],
  ['the first look after a gap', decideCase({ previousMs: LOOK - 4001 }), 'hold', 'observe', 'observe'],
  ['no prediction at all', without('prediction'), 'hold', 'fresh', 'fresh'],
  ['no model', decideCase({ prediction: prediction(BAD_TO_GOOD, { predictor: 'none' }) }), 'hold', 'fresh', 'fresh'],
  ['a rule where the policy wants a model', decideCase({ prediction: prediction(BAD_TO_GOOD, { predictor: 'rule' }) }), 'hold', 'fresh', 'fresh'],
  ['placement could not be told', decideCase({ placement: { app: 'web' } }), 'hold', 'fresh', 'fresh'],
  ['the app is not where the prediction thinks', decideCase({ prediction: prediction(BAD_TO_GOOD, { placed: 'b' }) }), 'hold', 'fresh', 'fresh'],
  ['the app is on a site it may not run on', decideCase({ placement: { app: 'web', site: 'z' }, prediction: prediction(BAD_TO_GOOD, { placed: 'z' }) }), 'hold', 'fresh', 'fresh'],
  ['stale app samples', decideCase({ prediction: prediction(BAD_TO_GOOD, { appAgeS: 4.9 }) }), 'hold', 'fresh', 'fresh'],
  ['stale samples of the present site', decideCase({ prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(6, 0) }) }), 'hold', 'fresh', 'fresh'],
  ['stale samples of the target', decideCase({ prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(0, 6) }) }), 'hold', 'fresh', 'fresh'],
  ['samples from the future', decideCase({ prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(-600, 0) }) }), 'hold', 'fresh', 'fresh'],
  ['samples of unknown age', decideCase({ prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(0, NaN) }) }), 'hold', 'fresh', 'fresh'],
  ['a prediction for a time that has come', decideCase({ nowMs: LOOK + 4000, prediction: prediction(BAD_TO_GOOD, { ageS: Float32Array.of(0, 0), appAgeS: 0 }) }), 'hold', 'fresh', 'fresh'],
  ['unknown present site', decideCase({}, scores({ a: [NaN, NaN, NaN, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['unknown target', decideCase({}, scores({ b: [NaN, NaN, NaN, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['an infinite score', decideCase({}, scores({ b: [0.7, 0.8, Infinity, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['a score above 1', decideCase({}, scores({ b: [0.7, 0.8, 1.1, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['a negative score', decideCase({}, scores({ a: [-0.1, 0.3, 0.4, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['quantiles out of order', decideCase({}, scores({ b: [0.9, 0.8, 0.95, 0.4] })), 'hold', 'fresh', 'fresh'],
  ['gaps in the app’s samples', decideCase({ prediction: prediction(BAD_TO_GOOD, { appComplete: 0.69 }) }), 'hold', 'complete', 'complete'],
  ['gaps in the present site’s samples', decideCase({ prediction: prediction(BAD_TO_GOOD, { complete: Float32Array.of(0.5, 1) }) }), 'hold', 'complete', 'complete'],
  ['gaps in the target’s samples', decideCase({ prediction: prediction(BAD_TO_GOOD, { complete: Float32Array.of(1, NaN) }) }), 'hold', 'complete', 'complete'],
  ['no evidence for the target', decideCase({ evidence: [evidence('a')] }), 'hold', 'trust', 'trust'],
  ['no evidence for the present site', decideCase({ evidence: [evidence('b')] }), 'hold', 'trust', 'trust'],
  ['evidence of another version', decideCase({ evidence: [evidence('a'), evidence('b', { version: 2 })] }), 'hold', 'trust', 'trust'],
  ['provisional evidence', decideCase({ evidence: [evidence('a'), evidence('b', { samples: 29 })] }), 'recommend', 'trust', 'trust'],
  ['the cluster refuses', decideCase({ refusals: [{ site: 'b', refusal: 'full' }] }), 'stay', 'feasible', 'feasible'],
  ['the target is cordoned', decideCase({ sites: [{ site: 'a', spec: siteSchema.parse({}) }, { site: 'b', spec: siteSchema.parse({ cordoned: true }) }] }), 'stay', 'feasible', 'feasible'],
  ['the operator excluded the target', decideCase({ controller: controller({ excluded: [{ site: 'b', by: 'ann', reason: 'audit' }] }) }), 'stay', 'feasible', 'feasible'],
  ['a rollout is under way', decideCase({ placement: { app: 'web', site: 'a', busy: 'rollout' } }), 'hold', 'busy', 'busy'],
  ['a move is under way', decideCase({ controller: controller({ moving: 'move/web/x' }) }), 'hold', 'busy', 'busy'],
  ['the present site is good enough', decideCase({}, scores({ a: [0.5, 0.6, 0.7, 0.6] })), 'stay', 'objective', 'objective'],
  ['the rule calls the target saturated', decideCase({}, scores({ b: [0.7, 0.8, 0.9, 0] })), 'stay', 'rule', 'rule'],
  ['the rule cannot tell', decideCase({}, scores({ b: [0.7, 0.8, 0.9, NaN] })), 'recommend', 'rule', 'rule'],
  ['gain below the absolute margin', decideCase({ policy: policy({ margin: { absolute: 0.5001, relative: 0, errors: 0 } }) }), 'stay', 'gain', 'gain'],
  ['gain below the relative margin', decideCase({ policy: policy({ margin: { absolute: 0, relative: 1, errors: 0 } }) }, scores({ a: [0.3, 0.45, 0.5, 0.4] })), 'stay', 'gain', 'gain'],
  ['gain below the error margin', decideCase({ policy: policy({ margin: { absolute: 0, relative: 0, errors: 5.1 } }) }), 'stay', 'gain', 'gain'],
  ['two sites 5 % apart with 20 % error', decideCase({}, { a: [0.35, 0.55, 0.75, 0.5], b: [0.4, 0.6, 0.8, 0.5] }), 'stay', 'gain', 'gain'],
  ['overlapping intervals', decideCase({}, { a: [0.2, 0.3, 0.6, 0.5], b: [0.29, 0.6, 0.8, 0.5] }), 'stay', 'gain', 'gain'],
  ['nothing better elsewhere', decideCase({}, { a: [0.2, 0.3, 0.6, 0.5], b: [0.1, 0.2, 0.3, 0.5] }), 'stay', 'no-better-site', 'gain'],
  ['nowhere else to go', decideCase({}, { a: [0.2, 0.3, 0.6, 0.5] }), 'stay', 'no-better-site', 'feasible'],
  ['not wanted for long enough', decideCase({ policy: policy({ sustained: { looks: 2, of: 3 } }) }), 'stay', 'sustained', 'sustained'],
  ['cooling down', decideCase({ controller: controller({ coolUntilMs: NOW + 1 }) }), 'hold', 'cooldown', 'cooldown'],
  ['quarantined target', decideCase({ controller: controller({ quarantine: [{ site: 'b', untilMs: NOW + 1 }] }) }), 'stay', 'quarantine', 'quarantine'],
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

describe('what has expired is absent', () => {
  const expired = { by: 'ann', reason: 'lunch', untilMs: NOW };
  test.each([
    ['pause', decideCase({ controller: controller({ paused: true, pause: expired }) })],
    ['fleet pause', decideCase({ fleet: { seq: 1, paused: true, pause: expired } })],
    ['override', decideCase({ controller: controller({ override: { site: 'a', ...expired } }) })],
    ['exclusion', decideCase({ controller: controller({ excluded: [{ site: 'b', ...expired }] }) })],
    ['quarantine', decideCase({ controller: controller({ quarantine: [{ site: 'b', untilMs: NOW }] }) })],
    ['cool-down', decideCase({ controller: controller({ coolUntilMs: NOW }) })],
  ])('%s', (_, input) => {
    expect(decide(input)).toMatchObject({ verdict: 'move', reason: 'ok' });
  });
});

describe('sustained', () => {
  const twoOfThree = (history: readonly PastDecision[]) => decide(decideCase({ policy: policy({ sustained: { looks: 2, of: 3 } }), past: history }));
  test.each([
    ['the look before wanted it too', [past(1)], 'move'],
    ['the look before that did', [past(1, { wanted: false }), past(2)], 'move'],
    ['only a look outside the window did', [past(1, { wanted: false }), past(2, { wanted: false }), past(3)], 'stay'],
    ['it wanted another site', [past(1, { to: 'c' })], 'stay'],
    ['it was elsewhere then', [past(1, { from: 'b' })], 'stay'],
    ['it was before a gap', [past(5)], 'stay'],
    ['it is this very look', [past(0)], 'stay'],
    ['it is of a later time', [past(-1)], 'stay'],
  ] as const)('%s', (_, history, verdict) => {
    expect(twoOfThree(history).verdict).toBe(verdict);
  });

  test('a look that does not want to move now does not move, however much the looks before did', () => {
    const d = decide(decideCase({ policy: policy({ sustained: { looks: 1, of: 3 } }), past: [past(1), past(2)] }, scores({ b: [0.2, 0.3, 0.4, 0.3] })));
    expect(d.verdict).toBe('stay');
    expect(gateOf(d, 'sustained')?.pass).toBe(false);
  });
});

describe('the target', () => {
  const four: Scores = { a: [0.2, 0.3, 0.5, 0.4], b: [0.6, 0.7, 0.8, 0.7], d: [0.7, 0.85, 0.9, 0.8], c: [0.7, 0.85, 0.9, 0.8] };
  test('is the best site by its median, the first name among equals', () => {
    expect(decide(decideCase({}, four)).to).toBe('c');
  });

  test.each([
    ['stale', { prediction: prediction(four, { ageS: Float32Array.of(0, 0, 9, 9) }) }],
    ['incomplete', { prediction: prediction(four, { complete: Float32Array.of(1, 1, 0, 0) }) }],
    ['without evidence', { evidence: [evidence('a'), evidence('b')] }],
    ['provisional', { evidence: [evidence('a'), evidence('b'), evidence('c', { samples: 20 }), evidence('d', { samples: 20 })] }],
    ['infeasible', { refusals: [{ site: 'c', refusal: 'x' }, { site: 'd', refusal: 'y' }] }],
    ['quarantined', { controller: controller({ quarantine: [{ site: 'c', untilMs: NOW + 1 }, { site: 'd', untilMs: NOW + 1 }] }) }],
  ])('is the next one when the best are %s', (_, change) => {
    expect(decide(decideCase(change, four))).toMatchObject({ verdict: 'move', to: 'b' });
  });

  test('is the next one when the rule calls the best saturated', () => {
    expect(decide(decideCase({}, { ...four, c: [0.7, 0.85, 0.9, 0], d: [0.7, 0.85, 0.9, 0] })).to).toBe('b');
  });

  test('may be a provisional one where only a recommendation is wanted', () => {
    const input = decideCase({ policy: policy({ mode: 'recommend' }), evidence: ['a', 'b', 'd'].map((s) => evidence(s)).concat(evidence('c', { samples: 20 })) }, four);
    expect(decide(input)).toMatchObject({ verdict: 'recommend', to: 'c', reason: 'mode' });
  });

  test('says what bars a site', () => {
    const d = decide(decideCase({ prediction: prediction(four, { ageS: Float32Array.of(0, 9, 0, 0), complete: Float32Array.of(1, 1, 0, 1) }) }, four));
    expect(d.candidates.map((c) => [c.site, c.barred, c.qos === undefined])).toEqual([['a', undefined, false], ['b', 'stale', true], ['d', 'incomplete', true], ['c', undefined, false]]);
  });
});

describe('an override', () => {
  const to = (site: string, more = {}) => controller({ override: { site, by: 'ann', reason: 'rack work' }, ...more });
  test('moves the app to its site in any mode, whatever is known of it', () => {
    const d = decide(decideCase({ controller: to('b'), policy: policy({ mode: 'recommend' }), evidence: [] }, scores({ b: [NaN, NaN, NaN, NaN] })));
    expect(d).toMatchObject({ verdict: 'move', reason: 'override', from: 'a', to: 'b' });
    expect(isForced(d)).toBe(true);
  });

  test('keeps the app on its site', () => {
    expect(decide(decideCase({ controller: to('a') }))).toMatchObject({ verdict: 'stay', reason: 'override' });
  });

  test.each([
    ['the app is paused', { controller: to('b', { paused: true }) }, 'pause'],
    ['the fleet is paused', { controller: to('b'), fleet: { seq: 1, paused: true } }, 'freeze'],
    ['the site refuses', { controller: to('b'), refusals: [{ site: 'b', refusal: 'full' }] }, 'feasible'],
    ['the site is excluded', { controller: to('b', { excluded: [{ site: 'b', by: 'bob', reason: 'x' }] }) }, 'feasible'],
    ['the site is none of the app’s', { controller: to('z') }, 'override'],
    ['the placement is unknown', { controller: to('b'), placement: { app: 'web' } }, 'fresh'],
    ['a move is under way', { controller: to('b', { moving: 'm' }) }, 'busy'],
    ['the look only records', { controller: to('b'), recordOnly: true }, 'observe'],
  ] as const)('does not move it when %s', (_, change, reason) => {
    expect(decide(decideCase(change))).toMatchObject({ verdict: 'hold', reason });
  });

  test('does not wait for a second look, a cool-down or a quarantine', () => {
    const input = decideCase({
      controller: to('b', { coolUntilMs: NOW + 9000, quarantine: [{ site: 'b', untilMs: NOW + 9000 }] }), policy: policy({ sustained: { looks: 3, of: 3 } }),
    });
    expect(decide({ ...input, previousMs: LOOK - 600_000 }).verdict).toBe('move');
  });
});

describe('with the rule as predictor', () => {
  const reactive = { policy: policy({ predictor: 'rule' }), evidence: [] };
  test('the rule’s scores decide, without evidence', () => {
    const d = decide(decideCase(reactive));
    expect(d).toMatchObject({ verdict: 'move', predictor: 'rule', to: 'b' });
    expect(d.modelVersion).toBeUndefined();
    expect(d.gain).toBeCloseTo(0.5, 6);
  });

  test('an unknown rule is an unknown site', () => {
    expect(decide(decideCase(reactive, scores({ b: [0.7, 0.8, 0.9, NaN] })))).toMatchObject({ verdict: 'hold', reason: 'fresh' });
  });

  test('a saturated target is never chosen', () => {
    expect(decide(decideCase(reactive, scores({ b: [0.7, 0.8, 0.9, 0] }))).verdict).toBe('stay');
  });
});

/** Anything a broken connector, model or clock may deliver. */
const dirty = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(NaN, Infinity, -Infinity, -1, 2, 1e30));
const messy = fc.record({
  scores: fc.array(fc.tuple(dirty, dirty, dirty, dirty), { minLength: 1, maxLength: 6 }),
  ages: fc.array(fc.oneof(fc.double({ min: -20, max: 20, noNaN: true }), fc.constantFrom(NaN, Infinity)), { minLength: 6, maxLength: 6 }),
  complete: fc.array(dirty, { minLength: 6, maxLength: 6 }),
  placed: fc.option(fc.constantFrom('s0', 's1', 'zz'), { nil: undefined }),
  mode: fc.constantFrom('recommend', 'approve', 'automatic'),
  predictor: fc.constantFrom('model', 'rule'),
});

test('a move always goes from an observed, known site to another known, fresh, feasible one that is better', () => {
  fc.assert(
    fc.property(messy, (m) => {
      const named: Scores = Object.fromEntries(m.scores.map((s, i) => [`s${i}`, s]));
      const input = decideCase({ policy: policy({ mode: m.mode, predictor: m.predictor }) }, named);
      const row = prediction(named, { ageS: Float32Array.from(m.ages.slice(0, m.scores.length)), complete: Float32Array.from(m.complete.slice(0, m.scores.length)) });
      const d = decide({ ...input, prediction: row, placement: m.placed === undefined ? { app: 'web' } : { app: 'web', site: m.placed } });
      expect(decide({ ...input, prediction: row, placement: m.placed === undefined ? { app: 'web' } : { app: 'web', site: m.placed } })).toEqual(d);
      if (d.verdict !== 'move' && d.verdict !== 'recommend') return;
      const from = d.candidates.find((c) => c.site === d.from);
      const to = d.candidates.find((c) => c.site === d.to);
      expect(d.from).toBe('s0');
      expect(d.to).not.toBe(d.from);
      expect(from?.qos && to?.qos && to.qos.p10 > from.qos.p50).toBe(true);
      expect(to?.barred ?? to?.refusal).toBeUndefined();
      expect(to?.rule).not.toBe(0);
      expect(Math.abs(m.ages[row.sites.indexOf(d.to ?? '')] ?? NaN)).toBeLessThanOrEqual(5);
      if (d.verdict === 'move') expect(m.mode).toBe('automatic');
    }),
    { numRuns: 500 },
  );
});

test('the order in which sites are listed changes nothing but the order of the candidates', () => {
  const named: Scores = { a: [0.2, 0.3, 0.5, 0.4], b: [0.6, 0.7, 0.8, 0.7], c: [0.7, 0.8, 0.9, 0.8], d: [0.7, 0.8, 0.9, 0.8] };
  fc.assert(
    fc.property(fc.shuffledSubarray(decideCase({}, named).sites.slice(), { minLength: 4 }), (sites) => {
      const d = decide(decideCase({ sites }, named));
      expect(d).toMatchObject({ verdict: 'move', from: 'a', to: 'c' });
      expect(d.gates).toEqual(decide(decideCase({}, named)).gates);
    }),
  );
});

test('two equal sites with forecast noise give no move in 1,000 looks', () => {
  let seed = 1;
  const noise = () => (((seed = (seed * 48271) % 2147483647) / 2147483647) - 0.5) * 0.1;
  for (let look = 0; look < 1000; look++) {
    const [a, b] = [0.5 + noise(), 0.5 + noise()];
    expect(decide(decideCase({}, { a: [a - 0.1, a, a + 0.1, 0.5], b: [b - 0.1, b, b + 0.1, 0.5] })).verdict).toBe('stay');
  }
});
