import { expect, test } from 'vitest';
import { objectiveSchema, siteSchema } from '../../domain/config.ts';
import type { DecideInput } from '../../domain/decide-input.ts';
import { decide } from '../../domain/decide.ts';
import { decideCase, policy, type Scores } from './decide-case.ts';

/** The app is on `a`; sites are [p10, p50, p90, rule] and a cost per hour. SLO 0.6. */
function cheapest(
  sites: Readonly<Record<string, readonly [Scores[string], number | undefined]>>,
  { cheaperAt, penalty, ...change }: Partial<DecideInput> & { cheaperAt?: number; penalty?: number } = {},
) {
  const objective = objectiveSchema.parse({
    kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 8, worst: 80 }],
    slo: 0.6,
    prefer: 'cheapest',
    cheaperAt,
    penalty,
  });
  const input = decideCase({ objective, ...change }, Object.fromEntries(Object.entries(sites).map(([site, [scores]]) => [site, scores])));
  const priced = Object.entries(sites).map(([site, [, costPerHour]]) => ({ site, spec: siteSchema.parse({ costPerHour }) }));
  const { verdict, reason, to } = decide({ ...input, sites: priced });
  return `${verdict} ${reason} ${to ?? ''}`.trim();
}
const [good, better, poor] = [
  [0.65, 0.7, 0.75, 0.7],
  [0.85, 0.9, 0.95, 0.9],
  [0.4, 0.45, 0.5, 0.4],
] as const;

test.each([
  ['moves to the cheapest site that meets the SLO', { a: [better, 3], b: [good, 2], c: [good, 1] }, 'move ok c'],
  ['stays where it is cheapest already, though another is better', { a: [good, 1], b: [better, 2] }, 'stay objective b'],
  ['does not go where it is cheaper but not good enough', { a: [good, 3], b: [poor, 1] }, 'stay objective b'],
  ['does not go where only the middle of the forecast is good enough', { a: [good, 3], b: [[0.5, 0.7, 0.8, 0.7], 1] }, 'stay objective b'],
  ['takes a site whose cost is unknown for no bargain', { a: [good, 3], b: [better, undefined] }, 'stay objective b'],
  ['stays for a saving within the margin', { a: [good, 1], b: [good, 0.95] }, 'stay no-better-site b'],
  [
    'below the SLO goes to the cheapest that meets it, whatever the present one costs',
    { a: [poor, 1], b: [better, 9], c: [good, 5] },
    'move ok c',
  ],
  [
    'below the SLO and with none that meets it goes where it is best',
    { a: [[0, 0.05, 0.1, 0.1], 1], b: [[0.4, 0.5, 0.55, 0.5], 9] },
    'move ok b',
  ],
] as const)('an app that prefers the cheapest site %s', (_, sites, said) => {
  expect(cheapest(sites)).toBe(said);
});

test('a cheaper site may have to be better than the SLO, so that an app does not go to and fro', () => {
  expect(cheapest({ a: [better, 3], b: [good, 1] }, { cheaperAt: 0.8 })).toBe('stay objective b');
  expect(cheapest({ a: [good, 3], b: [better, 1] }, { cheaperAt: 0.8 })).toBe('move ok b');
});

test('a penalty makes points below the SLO count more, and those above it not', () => {
  const quality = (penalty: number | undefined, scores: Scores) =>
    decide(
      decideCase(
        {
          policy: policy({ margin: { absolute: 0.15, relative: 0, errors: 0 } }),
          objective: objectiveSchema.parse({ kpis: [{ name: 'l', unit: 'ms', better: 'lower', best: 8, worst: 80 }], slo: 0.6, penalty }),
        },
        scores,
      ),
    ).verdict;
  // 0.1 below the SLO: worth 0.1 without a penalty, 0.2 with one of 1.
  const below: Scores = { a: [0.45, 0.5, 0.55, 0.5], b: [0.58, 0.6, 0.62, 0.6] };
  expect(quality(undefined, below)).toBe('stay');
  expect(quality(1, below)).toBe('move');
  // 0.05 below and 0.05 above: 0.15 is not above 0.15.
  expect(quality(1, { a: [0.5, 0.55, 0.6, 0.5], b: [0.62, 0.65, 0.7, 0.6] })).toBe('stay');
});
