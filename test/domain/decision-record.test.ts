import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../domain/decide.ts';
import { GATE_NUMBERS, PREDICTOR_CODE, REASON_CODE, VERDICT_CODE } from '../../domain/decision-codes.ts';
import { isWanted, packDecision, unpackDecision } from '../../domain/decision-record.ts';
import { BARRIERS, type Candidate, type Decision, GATES, type GateResult } from '../../domain/decision.ts';
import { controller, decideCase, policy, type Scores } from './decide-case.ts';

const SITES = Array.from({ length: 300 }, (_, i) => `site-${i}`);
const idOf = (name: string) => SITES.indexOf(name);
const again = (d: Decision) => unpackDecision({ ...packDecision(d, idOf), app: d.app, lookMs: d.lookMs }, (id) => SITES[id] ?? '');

const float = fc
  .float({ noNaN: true, noDefaultInfinity: true })
  .map((x) => x + 0)
  .filter((x) => !Object.is(x, -0));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** Leaves out what is undefined, as decisions do. */
const bare = <T extends object>(o: T): T => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as T;
const candidate = fc
  .record({
    site: fc.constantFrom(...SITES),
    current: fc.constant(false),
    qos: maybe(fc.record({ p10: float, p50: float, p90: float })),
    rule: maybe(float),
    trust: fc.constantFrom('insufficient', 'provisional', 'trusted'),
    error: maybe(float),
    refusal: maybe(fc.string({ unit: 'grapheme', maxLength: 20 })),
    barred: maybe(fc.constantFrom(...BARRIERS)),
  })
  .map((c) => bare(c) as Candidate);
const gates: fc.Arbitrary<GateResult[]> = fc.tuple(
  ...GATES.map((gate) =>
    fc
      .record({ pass: fc.boolean(), values: fc.array(maybe(fc.oneof(float, fc.nat(300))), { minLength: 10, maxLength: 10 }) })
      .map(({ pass, values }) => ({
        gate,
        pass,
        numbers: bare(Object.fromEntries(GATE_NUMBERS[gate].map((n, i) => [n, values[i]]))) as Record<string, number>,
      })),
  ),
);
const decision: fc.Arbitrary<Decision> = fc
  .record({
    lookMs: fc.nat(2 ** 40),
    verdict: fc.constantFrom(...(Object.keys(VERDICT_CODE) as Decision['verdict'][])),
    reason: fc.constantFrom(...(Object.keys(REASON_CODE) as Decision['reason'][])),
    from: maybe(fc.constantFrom(...SITES)),
    to: maybe(fc.constantFrom(...SITES)),
    gain: maybe(float),
    horizonS: float,
    predictor: fc.constantFrom(...(Object.keys(PREDICTOR_CODE) as Decision['predictor'][])),
    modelVersion: maybe(fc.nat(100_000)),
    policyVersion: fc.nat(100_000),
    candidates: fc
      .tuple(fc.array(candidate, { maxLength: 60 }), maybe(fc.nat(59)))
      .map(([list, at]) => list.map((c, i) => ({ ...c, current: i === at }))),
    gates,
  })
  .map((d) => bare({ id: `web-${d.lookMs}`, app: 'web', ...d }) as Decision);

test('what is packed comes back, exactly at float32 precision', () => {
  fc.assert(
    fc.property(decision, (d) => {
      expect(again(d)).toEqual(d);
    }),
    { numRuns: 300 },
  );
});

test('real decisions come back', () => {
  for (const change of [
    {},
    { evidence: [] },
    { policy: policy({ mode: 'recommend' }) },
    { controller: controller({ override: { site: 'site-1', by: 'a', reason: 'b' } }) },
  ]) {
    const d = decide(decideCase(change, { 'site-0': [0.25, 0.5, 0.5, 0.5], 'site-1': [0.75, 0.875, 1, 0.75] }));
    const back = again(d);
    expect(back.gates.map((g) => Object.keys(g.numbers))).toEqual(d.gates.map((g) => Object.keys(g.numbers)));
    expect({ ...back, candidates: 0, gates: 0 }).toEqual({ ...d, candidates: 0, gates: 0 });
    expect(back.candidates.map((c) => c.qos)).toEqual(d.candidates.map((c) => c.qos));
  }
});

test('50 sites with every figure take no more than 1.3 kB', () => {
  const fifty: Scores = Object.fromEntries(SITES.slice(0, 50).map((s, i) => [s, [0.1 + i / 100, 0.3 + i / 100, 0.4 + i / 100, 0.5]]));
  expect(packDecision(decide(decideCase({}, fifty)), idOf).packed.length).toBeLessThanOrEqual(1300);
});

test('a refusal keeps its first 200 characters, and is stored once however many sites give it', () => {
  const refused = (n: number) =>
    decide(
      decideCase(
        { refusals: SITES.slice(1, n + 1).map((site) => ({ site, refusal: 'r'.repeat(200) })) },
        Object.fromEntries(SITES.slice(0, n + 1).map((s) => [s, [0.1, 0.2, 0.3, 0.4]])) as Scores,
      ),
    );
  expect(again(refused(1)).candidates[1]?.refusal).toBe('r'.repeat(200));
  expect(packDecision(refused(20), idOf).packed.length - packDecision(refused(10), idOf).packed.length).toBeLessThan(300);
});

describe('a record that cannot be read is refused', () => {
  const packed = packDecision(
    decide(
      decideCase({ refusals: [{ site: 'site-1', refusal: 'full' }] }, { 'site-0': [0.1, 0.2, 0.3, 0.4], 'site-1': [0.5, 0.6, 0.7, 0.8] }),
    ),
    idOf,
  );
  const read = (change: object) => () => unpackDecision({ ...packed, app: 'web', lookMs: 1, ...change }, (id) => SITES[id] ?? '');
  test.each([
    ['a newer layout', { packed: Uint8Array.of(2, ...packed.packed.slice(1)) }, /layout 2/],
    ['an unknown verdict', { verdict: 9 }, /unknown verdict code 9/],
    ['an unknown reason', { reason: 99 }, /unknown reason code 99/],
  ])('%s', (_, change, message) => {
    expect(read(change)).toThrow(RangeError);
    expect(read(change)).toThrow(message);
  });

  test('one that is cut short anywhere', () => {
    for (let length = 0; length < packed.packed.length; length++)
      expect(read({ packed: packed.packed.slice(0, length) })).toThrow(RangeError);
  });

  test('a figure that no layout has is refused when packing', () => {
    const d = decide(decideCase({}, { 'site-0': [0.1, 0.2, 0.3, 0.4] }));
    expect(() => packDecision({ ...d, gates: [{ gate: 'mode', pass: true, numbers: { colour: 1 } }] }, idOf)).toThrow(
      /gate mode records a figure/,
    );
  });
});

test('codes are unique and every gate has one', () => {
  for (const codes of [VERDICT_CODE, REASON_CODE, PREDICTOR_CODE])
    expect(new Set(Object.values(codes)).size).toBe(Object.keys(codes).length);
  expect(GATES.every((g) => REASON_CODE[g] !== undefined && GATE_NUMBERS[g].length <= 14)).toBe(true);
});

test.each([
  ['move', 'ok', true],
  ['move', 'override', true],
  ['recommend', 'mode', true],
  ['stay', 'sustained', true],
  ['hold', 'cooldown', true],
  ['stay', 'quarantine', true],
  ['hold', 'budget', true],
  ['stay', 'gain', false],
  ['stay', 'no-better-site', false],
  ['hold', 'pause', false],
  ['stay', 'objective', false],
] as const)('%s because of %s counts as wanted: %s', (verdict, reason, wanted) => {
  expect(isWanted({ verdict, reason })).toBe(wanted);
});
