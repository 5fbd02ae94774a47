import { expect, test } from 'vitest';
import { conformalOffsets } from '../../learning/conformal.ts';
import { randomFrom } from '../../learning/random.ts';
import { skillOf } from '../../learning/skill.ts';

test('of nine residuals the smallest and the greatest bound 80 %', () => {
  expect(conformalOffsets([4, -4, 3, -3, 2, -2, 1, -1, 0])).toEqual([-4, 0, 4]);
});

test('the point prediction lies between its bounds even when all residuals are on one side', () => {
  expect(conformalOffsets([1, 2, 3])).toEqual([0, 0, 3]);
  expect(conformalOffsets([])).toEqual([0, 0, 0]);
});

test('on exchangeable data 80 % of what comes lies inside, within 3 points', () => {
  const random = randomFrom(11);
  const draw = (): number => Math.log(1 - random()) + random();
  const [low, , high] = conformalOffsets(Array.from({ length: 400 }, draw));
  const inside = Array.from({ length: 20_000 }, draw).filter((v) => v >= low && v <= high).length / 20_000;
  expect(Math.abs(inside - 0.8)).toBeLessThan(0.03);
});

test("skill is the share of the baseline's error that is gone, with an interval over whole groups", () => {
  const group = Int32Array.from([0, 0, 1, 1]);
  const half = skillOf({ model: Float64Array.from([1, 1, 1, 1]), baseline: Float64Array.from([2, 2, 2, 2]), group }, 1);
  expect(half).toEqual({ value: 0.5, low: 0.5, high: 0.5, surely: 0.5 });
  const mixed = skillOf({ model: Float64Array.from([0, 0, 3, 3]), baseline: Float64Array.from([2, 2, 2, 2]), group }, 1);
  expect(mixed).toEqual({ value: 0.25, low: -0.5, high: 1, surely: -0.5 });
});
