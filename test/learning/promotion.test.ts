import { describe, expect, test } from 'vitest';
import type { HeldOut } from '../../learning/held-out.ts';
import { judgeChallenger } from '../../learning/promotion.ts';
import { randomFrom } from '../../learning/random.ts';

interface World {
  readonly seed: number;
  /** Mean absolute error of each, in score points; what a visit is like moves all three. */
  readonly challenger: number;
  readonly champion: number;
  readonly baseline: number;
  readonly visits?: number;
}

/** Rows of 12 visits of 30, each visit as hard as it happens to be. */
function world({ seed, visits = 12, ...error }: World): { challenger: HeldOut; champion: Float64Array } {
  const random = randomFrom(seed);
  const rows = Array.from({ length: visits * 30 }, (_, i) => i);
  const hard = Array.from({ length: visits }, () => 0.3 + 1.4 * random());
  const off = (mean: number, visit: number): number => 2 * mean * hard[visit]! * random() * (random() < 0.5 ? -1 : 1);
  const visit = rows.map((i) => Math.floor(i / 30));
  const actual = rows.map(() => 0.2 + 0.6 * random());
  const said = (mean: number): number[] => rows.map((i) => actual[i]! + off(mean, visit[i]!));
  const [predicted, champion, baseline] = [said(error.challenger), said(error.champion), said(error.baseline)];
  const challenger = { timeMs: rows.map((i) => 1000 * i), site: rows.map(() => 's0'), visit, actual, predicted, baseline };
  return { challenger, champion: Float64Array.from(champion) };
}
const seeds = Array.from({ length: 100 }, (_, i) => i + 1);
const ruled = (of: World) => judgeChallenger({ ...world(of), servedBy: 'model', seed: of.seed });

describe('over 100 seeds', () => {
  test.each([1.05, 1.1, 1.3, 2])('a challenger that makes %f times the error is never promoted', (worse) => {
    const promoted = seeds.filter((seed) => ruled({ seed, champion: 0.1, challenger: 0.1 * worse, baseline: 0.2 }).ok);
    expect(promoted).toEqual([]);
  });

  test('one that makes 2 % more error, which 360 rows can hardly tell, is promoted in one case of a hundred', () => {
    expect(seeds.filter((seed) => ruled({ seed, champion: 0.1, challenger: 0.102, baseline: 0.2 }).ok).length).toBeLessThanOrEqual(1);
  });

  test('one that is as good is hardly ever promoted, and one that is a third better nearly always', () => {
    const equal = seeds.filter((seed) => ruled({ seed, champion: 0.1, challenger: 0.1, baseline: 0.2 }).ok);
    expect(equal.length).toBeLessThanOrEqual(5);
    const better = seeds.filter((seed) => ruled({ seed, champion: 0.1, challenger: 0.067, baseline: 0.2 }).ok);
    expect(better.length).toBeGreaterThanOrEqual(95);
  });

  test('one that beats the champion but not the baseline is never promoted', () => {
    expect(seeds.filter((seed) => ruled({ seed, champion: 0.3, challenger: 0.2, baseline: 0.19 }).ok)).toEqual([]);
  });
});

test('the sentence names both errors on the same rows', () => {
  const { ok, why } = ruled({ seed: 1, champion: 0.2, challenger: 0.05, baseline: 0.3 });
  expect(ok).toBe(true);
  expect(why).toMatch(/^on 360 rows of 12 visits that neither had seen its error in score is 0\.\d{4}, that of the champion 0\.\d{4}: \d/);
});

test('only rows that both speak of are compared', () => {
  const { challenger, champion } = world({ seed: 1, champion: 0.2, challenger: 0.05, baseline: 0.3 });
  const half = champion.map((v, i) => (i < 180 ? v : NaN));
  expect(judgeChallenger({ challenger, champion: half, servedBy: 'model', seed: 1 }).why).toMatch(/^on 180 rows of 6 visits/);
  expect(judgeChallenger({ challenger, champion: champion.fill(NaN), servedBy: 'model', seed: 1 })).toEqual({
    ok: false,
    why: 'there are 0 rows of 0 visits that neither it nor the champion had seen, it takes 20 of 3',
  });
});

test('the first version serves if it beats the baseline, or is the baseline', () => {
  const { challenger } = world({ seed: 1, champion: 1, challenger: 0.05, baseline: 0.3 });
  expect(judgeChallenger({ challenger, servedBy: 'model', seed: 1 }).ok).toBe(true);
  expect(judgeChallenger({ challenger: { ...challenger, predicted: challenger.baseline }, servedBy: 'model', seed: 1 }).ok).toBe(false);
  const nothing = { timeMs: [], site: [], visit: [], actual: [], predicted: [], baseline: [] };
  expect(judgeChallenger({ challenger: nothing, servedBy: 'baseline', seed: 1 })).toMatchObject({ ok: true });
  expect(judgeChallenger({ challenger: nothing, servedBy: 'model', seed: 1 })).toMatchObject({ ok: false });
});
