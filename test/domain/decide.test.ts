import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appSchema } from '../../domain/config.ts';
import { decide, isForced } from '../../domain/decide.ts';
import { type Decision, GATES, type Gate } from '../../domain/decision.ts';
import type { PastDecision } from '../../domain/records.ts';
import { BAD_TO_GOOD, controller, decideCase, evidence, LOOK, NOW, policy, prediction, type Scores } from './decide-case.ts';

const gateOf = (d: Decision, gate: Gate) => d.gates.find((g) => g.gate === gate);
const past = (looksBack: number, change: Partial<PastDecision> = {}): PastDecision => ({
  app: 'web',
  lookMs: LOOK - looksBack * 2000,
  verdict: 'stay',
  from: 'a',
  to: 'b',
  wanted: true,
  ...change,
});

test('an app that will be served much better elsewhere is moved there', () => {
  const d = decide(decideCase());
  expect(d).toMatchObject({
    id: `web-${LOOK}`,
    verdict: 'move',
    reason: 'ok',
    from: 'a',
    to: 'b',
    horizonS: 4,
    predictor: 'model',
    modelVersion: 3,
    policyVersion: 7,
  });
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
  const twoOfThree = (history: readonly PastDecision[]) =>
    decide(decideCase({ policy: policy({ sustained: { looks: 2, of: 3 } }), past: history }));
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
    const d = decide(
      decideCase({ policy: policy({ sustained: { looks: 1, of: 3 } }), past: [past(1), past(2)] }, scores({ b: [0.2, 0.3, 0.4, 0.3] })),
    );
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
    [
      'infeasible',
      {
        refusals: [
          { site: 'c', refusal: 'x' },
          { site: 'd', refusal: 'y' },
        ],
      },
    ],
    [
      'quarantined',
      {
        controller: controller({
          quarantine: [
            { site: 'c', untilMs: NOW + 1 },
            { site: 'd', untilMs: NOW + 1 },
          ],
        }),
      },
    ],
  ])('is the next one when the best are %s', (_, change) => {
    expect(decide(decideCase(change, four))).toMatchObject({ verdict: 'move', to: 'b' });
  });

  test('is the next one when the rule calls the best saturated', () => {
    expect(decide(decideCase({}, { ...four, c: [0.7, 0.85, 0.9, 0], d: [0.7, 0.85, 0.9, 0] })).to).toBe('b');
  });

  test('may be a provisional one where only a recommendation is wanted', () => {
    const input = decideCase(
      { policy: policy({ mode: 'recommend' }), evidence: ['a', 'b', 'd'].map((s) => evidence(s)).concat(evidence('c', { samples: 20 })) },
      four,
    );
    expect(decide(input)).toMatchObject({ verdict: 'recommend', to: 'c', reason: 'mode' });
  });

  test('says what bars a site', () => {
    const d = decide(
      decideCase({ prediction: prediction(four, { ageS: Float32Array.of(0, 9, 0, 0), complete: Float32Array.of(1, 1, 0, 1) }) }, four),
    );
    expect(d.candidates.map((c) => [c.site, c.barred, c.qos === undefined])).toEqual([
      ['a', undefined, false],
      ['b', 'stale', true],
      ['d', 'incomplete', true],
      ['c', undefined, false],
    ]);
  });
});

describe('evidence', () => {
  const spec = appSchema.parse({ objective: 'snappy', policy: 'berth', model: 'shop' });
  const shop = ['a', 'b'].map((site) => evidence(site, { app: 'shop' }));
  test('of the app whose model it shares stands in for its own', () => {
    expect(decide(decideCase({ spec, evidence: shop })).verdict).toBe('move');
    expect(decide(decideCase({ evidence: shop }))).toMatchObject({ verdict: 'hold', reason: 'trust' });
  });

  test('of its own goes first, in whatever order', () => {
    const own = evidence('b', { error: 0.3 });
    for (const rows of [
      [...shop, own],
      [own, ...shop],
    ])
      expect(decide(decideCase({ spec, evidence: rows }))).toMatchObject({ verdict: 'recommend', reason: 'trust' });
  });
});

describe('an override', () => {
  const to = (site: string, more = {}) => controller({ override: { site, by: 'ann', reason: 'rack work' }, ...more });
  test('moves the app to its site in any mode, whatever is known of it', () => {
    const d = decide(
      decideCase({ controller: to('b'), policy: policy({ mode: 'recommend' }), evidence: [] }, scores({ b: [NaN, NaN, NaN, NaN] })),
    );
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
      controller: to('b', { coolUntilMs: NOW + 9000, quarantine: [{ site: 'b', untilMs: NOW + 9000 }] }),
      policy: policy({ sustained: { looks: 3, of: 3 } }),
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
      const row = prediction(named, {
        ageS: Float32Array.from(m.ages.slice(0, m.scores.length)),
        complete: Float32Array.from(m.complete.slice(0, m.scores.length)),
      });
      const d = decide({ ...input, prediction: row, placement: m.placed === undefined ? { app: 'web' } : { app: 'web', site: m.placed } });
      expect(
        decide({ ...input, prediction: row, placement: m.placed === undefined ? { app: 'web' } : { app: 'web', site: m.placed } }),
      ).toEqual(d);
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
  const noise = () => ((seed = (seed * 48271) % 2147483647) / 2147483647 - 0.5) * 0.1;
  for (let look = 0; look < 1000; look++) {
    const [a, b] = [0.5 + noise(), 0.5 + noise()];
    expect(decide(decideCase({}, { a: [a - 0.1, a, a + 0.1, 0.5], b: [b - 0.1, b, b + 0.1, 0.5] })).verdict).toBe('stay');
  }
});
