import { expect, test } from 'vitest';
import { judge } from '../../../connectors/local/preflight.ts';
import { coresIn, parseStat } from '../../../connectors/local/proc.ts';
import { randomFrom } from '../../../connectors/local/random.ts';
import { iterationsPerMs } from '../../../connectors/local/work.ts';

test('a list of cores is read with its ranges', () => {
  expect(coresIn('0-2,5')).toEqual([0, 1, 2, 5]);
  expect(coresIn('4')).toEqual([4]);
});

test('a process whose name has blanks and brackets is read right', () => {
  const text =
    '42 (my (odd) name) S 7 42 42 0 -1 4194560 1 0 0 0 150 50 7 3 20 0 11 0 9876 1000 200 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 3 0 0 0 0 0';
  expect(parseStat(42, text)).toEqual({ pid: 42, parent: 7, cpuS: 2, reapedS: 0.1, started: 9876, core: 3, zombie: false });
  expect(parseStat(42, text.replace(') S', ') Z'))?.zombie).toBe(true);
});

test('a line that was cut off is no process', () => {
  expect(parseStat(42, '42 (node) S 7')).toBeUndefined();
});

const check = (free: number, ratio: number) => [
  { site: 'a', core: 0, free: 0.95, ratio: 1.01 },
  { site: 'b', core: 1, free, ratio },
];

test('quiet cores are sites at full load', () => {
  expect(judge(check(0.9, 1.05))).toMatchObject({ kind: 'cores', rateFactor: 1, cores: { a: 0, b: 1 } });
});

test('fair cores are sites at half the load, and the reason says so', () => {
  expect(judge(check(0.5, 1.05))).toMatchObject({ kind: 'cores', rateFactor: 0.5, reason: expect.stringContaining('half the load') });
  expect(judge(check(0.9, 1.5))).toMatchObject({ kind: 'cores', rateFactor: 0.5 });
});

test('busy cores are no sites, and the reason gives the number', () => {
  expect(judge(check(0.18, 1.05))).toMatchObject({ kind: 'simulated', reason: expect.stringContaining('18 %') });
  expect(judge(check(0.9, 2.4))).toMatchObject({ kind: 'simulated', reason: expect.stringContaining('2.40 times') });
});

test('random numbers depend on the seed alone', () => {
  const draw = (seed: string) => Array.from({ length: 5 }, randomFrom(seed));
  expect(draw('x')).toEqual(draw('x'));
  expect(draw('x')).not.toEqual(draw('y'));
  for (const value of draw('x')) expect(value >= 0 && value < 1).toBe(true);
});

test('the work of a millisecond is a number of rounds', () => {
  expect(iterationsPerMs()).toBeGreaterThan(10);
});
