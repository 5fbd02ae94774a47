import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decide } from '../../domain/decide.ts';
import { decisionPage } from '../../domain/decision-page.ts';
import { GATES } from '../../domain/decision.ts';
import { GATE_NUMBERS } from '../../domain/decision-codes.ts';
import { passedSentence } from '../../domain/passed-sentences.ts';
import type { Claim, OutcomeRow } from '../../domain/records.ts';
import { controller, decideCase, evidence, LOOK, policy, type Scores } from './decide-case.ts';

const TWO: Scores = { a: [0.25, 0.5, 0.75, 0.4], b: [0.8, 0.9, 1, 0] };
const page = (change = {}, scores = TWO, after: Parameters<typeof decisionPage>[1] = { outcomes: [] }) =>
  decisionPage(decide(decideCase(change, scores)), after);
const claim = (change: Partial<Claim>): Claim => ({
  decisionId: `web-${LOOK}`,
  app: 'web',
  from: 'a',
  to: 'b',
  origin: 'look',
  reason: 'x',
  by: 'berth',
  workflowId: `move/web/web-${LOOK}`,
  nowMs: LOOK,
  openedMs: LOOK,
  phases: [],
  ...change,
});

test('a site is drawn on an axis of 41 columns: 0.25 is the eleventh, 0.5 the twenty-first, 1 the last', () => {
  const lines = page();
  const here = lines.find((l) => l.startsWith('here')) ?? '';
  const axis = /^here +a {2}(.{41}) {2}(.*)$/.exec(here);
  // p10, p50 and p90 at 10, 20 and 30; the rule at 16; the SLO of 0.6 at 24 is under the interval.
  expect(axis?.[1]).toBe(`${'·'.repeat(10)}├─────◇───●─────────┤${'·'.repeat(10)}`);
  expect(axis?.[2]).toBe('0.50 (0.25 to 0.75), rule 0.40, trusted, error 0.10');
  expect(lines.find((l) => l.startsWith('target'))).toContain(`◇${'·'.repeat(23)}┊·······├───●───┤  0.90`);
});

test('a site of which nothing is known is drawn without a mark but the objective, and says why', () => {
  const { prediction: row } = decideCase({}, TWO);
  const lines = page({ prediction: { ...row, ageS: Float32Array.of(0.5, 99) } });
  expect(lines.find((l) => /^ +b/.test(l) || l.startsWith('target b'))).toMatch(/unknown, rule 0\.00, .*; its newest samples are too old$/);
});

test('every gate has one line, in order, and the one that decided is marked', () => {
  const change = { controller: controller({ paused: true, pause: { by: 'ann', reason: 'x' } }), evidence: [evidence('a')] };
  const gates = page(change).slice(page(change).findIndex((l) => l.startsWith('Every gate')) + 1);
  expect(gates.slice(0, GATES.length).map((l) => l.slice(12).trim().split(' ')[0])).toEqual([...GATES]);
  expect(gates.filter((l) => l.startsWith('>'))).toEqual(['> no        pause      the app is paused']);
});

test('what an override overruled is called that', () => {
  const lines = page({ controller: controller({ override: { site: 'b', by: 'ann', reason: 'x' } }) });
  expect(lines).toContain('  overruled rule       what is observed now calls the target saturated');
});

describe('what came of it', () => {
  const after = (claimed: Partial<Claim> | undefined, outcomes: readonly OutcomeRow[] = []) => {
    const scores: Scores = { a: [0.2, 0.3, 0.5, 0.4], b: [0.7, 0.8, 0.9, 0.9] };
    const lines = page({}, scores, { outcomes, ...(claimed && { claim: claim(claimed) }) });
    return lines.slice(lines.indexOf('What came of it:') + 1);
  };
  const began = `at ${new Date(LOOK).toISOString()} the move from a to b`;

  test.each([
    ['no move', undefined, ['no move has been admitted for it']],
    ['one under way', {}, [`${began} began; it is under way`]],
    ['one that the claim refused', { end: 'refused', why: 'fleet budget' } as const, [`${began} was refused: fleet budget`]],
    [
      'one that helped',
      { end: 'done', scoreBefore: 0.31, scoreAfter: 0.84, predictedGain: 0.5 } as const,
      [`${began} began, and ended done`, 'it scored 0.31 before and 0.84 afterwards', 'it gained +0.53; predicted was +0.50'],
    ],
    [
      'one that came before the trouble',
      { end: 'done', scoreBefore: 0.9, scoreAfter: 0.85, scoreIfStayed: 0.3 } as const,
      [
        `${began} began, and ended done`,
        'it scored 0.90 before and 0.85 afterwards; where it came from it would have scored 0.30 then',
        'it gained +0.55',
      ],
    ],
    [
      'one undone before it served',
      { end: 'reverted', why: 'not ready', predictedGain: 0.5 } as const,
      [`${began} began, and ended reverted: not ready`, 'it gained +0.00; predicted was +0.50'],
    ],
    ['one nobody measured', { end: 'done' } as const, [`${began} began, and ended done`, 'what it gained could not be told']],
  ])('%s', (_, claimed, lines) => {
    expect(after(claimed)).toEqual(lines);
  });

  test.each([
    [0.85, 'inside'],
    [0.65, 'outside'],
  ])('a prediction beside what was observed: %d is %s', (actual, where) => {
    const outcome = {
      app: 'web',
      site: 'b',
      lookMs: LOOK,
      targetMs: LOOK + 4000,
      p10: 0.7,
      p50: 0.8,
      p90: 0.9,
      actual,
      predictor: 'model',
    };
    expect(after({}, [outcome])[1]).toBe(
      `at ${new Date(LOOK + 4000).toISOString()} b scored ${actual.toFixed(2)}; predicted was 0.80 (0.70 to 0.90), so it is ${where} the interval`,
    );
  });

  test('of a stay that nobody could measure nothing is said to be known', () => {
    expect(page({ policy: policy({ margin: { absolute: 1 } }) }).at(-1)).toBe('nothing is known of the time it was predicted for');
  });
});

test('a passed gate gives a sentence with any of its figures, and without', () => {
  for (const gate of GATES) {
    const names: readonly string[] = GATE_NUMBERS[gate];
    fc.assert(
      fc.property(fc.subarray([...names]), fc.constantFrom(0, 1, 2), (some, value) => {
        const sentence = passedSentence({ gate, pass: true, numbers: Object.fromEntries(some.map((n) => [n, value])) });
        expect(sentence).toMatch(/^[a-z].{10,}[^.]$/);
        expect(sentence).not.toMatch(/undefined|NaN/);
      }),
      { numRuns: 50 },
    );
  }
});
