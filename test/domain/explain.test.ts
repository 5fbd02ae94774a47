import { describe, expect, test } from 'vitest';
import { decide } from '../../domain/decide.ts';
import { packDecision, unpackDecision } from '../../domain/decision-record.ts';
import { GATES } from '../../domain/decision.ts';
import { explainDecision, summariseDecision } from '../../domain/explain.ts';
import { failedSentence } from '../../domain/gate-sentences.ts';
import { controller, decideCase, LOOK, NOW, policy, prediction, type Scores } from './decide-case.ts';

const four: Scores = {
  'site-1': [0.2, 0.31, 0.5, 0.4],
  'site-0': [0.7, 0.86, 0.9, 0.8],
  'site-2': [0.6, 0.7, 0.8, 0.7],
  'site-3': [0.1, 0.8, 0.9, 0],
};
const text = (change = {}, scores = four) => explainDecision(decide(decideCase(change, scores))).join('\n');

describe('one line says it all', () => {
  test.each([
    ['a move', {}, 'site-1 will score 0.31 against 0.86 on site-0 in 4 s: move'],
    [
      'a recommendation',
      { policy: policy({ mode: 'recommend' }) },
      'site-1 will score 0.31 against 0.86 on site-0 in 4 s: recommend (mode)',
    ],
    ['a rule', { policy: policy({ predictor: 'rule' }) }, 'site-1 scores 0.40 against 0.80 on site-0 now: move'],
    ['an unknown placement', { placement: { app: 'web' } }, 'could not tell where the app is: hold (fresh)'],
    [
      'an unknown present site',
      { prediction: prediction(four, { ageS: Float32Array.of(9, 0, 0, 0) }) },
      'the QoS on site-1 is unknown: hold (fresh)',
    ],
  ])('%s', (_, change, line) => {
    expect(summariseDecision(decide(decideCase(change, four)))).toBe(line);
  });
});

test('a move is explained with both predictions, and every other site with its reason', () => {
  expect(explainDecision(decide(decideCase({ refusals: [{ site: 'site-2', refusal: '0/1 nodes: insufficient cpu' }] }, four)))).toEqual([
    'web moves from site-1 to site-0: site-1 will score 0.31 (0.20 to 0.50) in 4 s, site-0 will score 0.86 (0.70 to 0.90) in 4 s.',
    'Not site-2: 0/1 nodes: insufficient cpu.',
    'Not site-3: what is observed now calls it saturated.',
    `Predicted by model version 3; policy version 7; look of ${new Date(LOOK).toISOString()}.`,
  ]);
});

test.each([
  [
    'paused for a while',
    { controller: controller({ paused: true, pause: { by: 'ann', reason: 'x', untilMs: NOW + 90_000 } }) },
    'Because the app is paused for another 90 s.',
  ],
  ['recommend mode', { policy: policy({ mode: 'recommend' }) }, 'Because this app is in recommend mode: berth shows what it would do.'],
  [
    'sustained',
    { policy: policy({ sustained: { looks: 2, of: 3 } }) },
    'Because the same move was wanted in 1 of the last 3 looks, 2 are needed.',
  ],
  ['gain', { policy: policy({ margin: { absolute: 0.6 } }) }, 'Because the gain is 0.55, 0.60 is needed'],
  ['a gap', { previousMs: LOOK - 60_000 }, 'Because the look before was 60 s ago, above 4 s'],
  ['evidence', { evidence: [] }, 'Because the model is insufficient on the present site and insufficient on the target.'],
])('what stopped a move is named with its figures: %s', (_, change, sentence) => {
  expect(text(change)).toContain(sentence);
});

test('what an override overruled is listed', () => {
  const explained = text({ evidence: [], controller: controller({ override: { site: 'site-3', by: 'ann', reason: 'x' } }) });
  expect(explained).toContain('web moves from site-1 to site-3');
  expect(explained).toContain('Overruled: what is observed now calls the target saturated.');
});

test('what people wrote cannot break out of the page', () => {
  const explained = text({
    controller: controller({ excluded: [{ site: 'site-0', by: 'ann', reason: '<script>alert(1)</script> [x](http://y)\u001b[2J\n# h' }] }),
  });
  const line = explained.split('\n').find((l) => l.startsWith('Not site-0')) ?? '';
  expect(line).toContain('excluded by ann');
  expect(line).not.toMatch(/[<>\u001b]|(?<!\\)[[\]#]/);
});

test('a record read back is explained in the same words', () => {
  const names = Object.keys(four);
  for (const change of [{}, { evidence: [] }, { placement: { app: 'web' } }, { refusals: [{ site: 'site-2', refusal: 'full' }] }]) {
    const d = decide(decideCase(change, four));
    const row = { ...packDecision(d, (n) => names.indexOf(n)), app: d.app, lookMs: d.lookMs };
    expect(explainDecision(unpackDecision(row, (id) => names[id] ?? ''))).toEqual(explainDecision(d));
  }
});

test('a gate without a single figure still gives a sentence', () => {
  for (const gate of GATES) expect(failedSentence({ gate, pass: false, numbers: {} })).toMatch(/^[a-z].{10,}[^.]$/);
});
