import { describe, expect, test } from 'vitest';

import { errorDrift, errorReference, inputDrifts, LEAST, WINDOWS } from '../../learning/drift.ts';
import type { ErrorWindow, InputWindow } from '../../learning/drift.ts';
import type { HeldOut } from '../../learning/held-out.ts';
import { inputRanges } from '../../learning/input-ranges.ts';
import { randomFrom } from '../../learning/random.ts';

/** Errors that follow one another (AR 0.8), heavy in the tail, in stretches of which some are worse than others, as those of a live model are. */
function errorsOf(seed: number) {
  const random = randomFrom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let state = 0;
  return (n: number, times = 1): number[] => {
    const level = Math.exp(0.3 * normal());
    return Array.from({ length: n }, () => {
      state = 0.8 * state + 0.6 * normal();
      return times * 0.06 * level * state * (random() < 0.05 ? 3 : 1);
    });
  };
}
const outcomesOf = (errors: readonly number[]) => errors.map((e) => ({ site: 's0', p50: 0.5, actual: 0.5 + e }));

function heldOut(next: (n: number) => number[], visits: number): HeldOut {
  const rows = Array.from({ length: visits }, (_, visit) => next(60).map((error) => ({ visit, error }))).flat();
  return {
    timeMs: rows.map((_, i) => i),
    site: rows.map(() => 's0'),
    visit: rows.map((r) => r.visit),
    actual: rows.map(() => 0.5),
    predicted: rows.map((r) => 0.5 + r.error),
    baseline: rows.map(() => null),
  };
}

const windowsOf = (next: (n: number, times?: number) => number[], count: number, times = 1): ErrorWindow[] =>
  Array.from({ length: count }, (_, i) => ({ fromMs: i, outcomes: outcomesOf(next(30, times)) }));

/** Windows at whose end it would have spoken up. */
const alarms = <W>(windows: readonly W[], speaks: (upTo: readonly W[]) => boolean): number =>
  windows.filter((_, i) => i >= WINDOWS - 1 && speaks(windows.slice(i - WINDOWS + 1, i + 1))).length;

describe('of a thousand stationary windows fewer than one in a thousand speaks up', () => {
  test('by error', () => {
    let false_ = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const next = errorsOf(seed);
      const reference = errorReference(heldOut(next, 8))!;
      false_ += alarms(windowsOf(next, 1000), (w) => errorDrift(w, reference) !== undefined);
    }
    expect(false_).toBeLessThanOrEqual(20);
  });

  test('by input', () => {
    let false_ = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const next = errorsOf(seed);
      const [range] = inputRanges({ names: ['load'], rows: Float32Array.from(Array.from({ length: 6 }, () => next(240)).flat()), n: 1440 });
      const windows = Array.from({ length: 1000 }, (_, i) => inputWindow(i, next(30), range!));
      false_ += alarms(windows, (w) => inputDrifts(w).length > 0);
    }
    expect(false_).toBeLessThanOrEqual(20);
  });
});

function inputWindow(fromMs: number, values: readonly number[], { low, high }: { low: number; high: number }): InputWindow {
  return { fromMs, inputs: [{ name: 'load', known: values.length, beyond: values.filter((v) => v < low || v > high).length }] };
}

test('an error that has become three times as large is found in 19 of 20 cases, and told with its numbers', () => {
  let found = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const next = errorsOf(seed);
    const reference = errorReference(heldOut(next, 8))!;
    if (alarms(windowsOf(next, 20, 3), (w) => errorDrift(w, reference) !== undefined) > 0) found++;
  }
  expect(found).toBeGreaterThanOrEqual(19);
  const steady = { error: 0.1, bySite: new Map([['s0', 0.1]]), spread: 0, visits: 4 };
  const windows = [0, 1, 2].map((fromMs) => ({ fromMs, outcomes: outcomesOf(Array.from({ length: LEAST }, () => 0.3)) }));
  expect(errorDrift(windows, steady)).toEqual({
    windows: 3,
    effect: expect.closeTo(0.2),
    sinceMs: 0,
    why: 'its error in score is 0.300, it was 0.100 on visits it had not seen; 3 stretches in a row at least 0.200 more',
  });
});

describe('nothing is said', () => {
  const steady = { error: 0.1, bySite: new Map<string, number>(), spread: 0, visits: 4 };
  const window = (error: number, n = LEAST): ErrorWindow => ({ fromMs: 0, outcomes: outcomesOf(Array.from({ length: n }, () => error)) });
  test.each([
    ['with too few outcomes in one window', [window(0.5), window(0.5, LEAST - 1), window(0.5)]],
    ['of an effect too small to matter', [window(0.14), window(0.14), window(0.14)]],
    ['of what one window does not show', [window(0.5), window(0.1), window(0.5)]],
    ['with too few windows', [window(0.5), window(0.5)]],
  ])('%s', (_, windows) => {
    expect(errorDrift(windows, steady)).toBeUndefined();
  });

  test('without enough visits to measure by', () => {
    expect(errorReference(heldOut(errorsOf(1), 2))).toBeUndefined();
    expect(errorReference({ timeMs: [], site: [], visit: [], actual: [], predicted: [], baseline: [] })).toBeUndefined();
  });
});

test('by hand: the error of a reference is told by site, and how far visits lie apart', () => {
  const n = 40;
  const visit = Array.from({ length: n }, (_, i) => Math.floor(i / 10));
  const error = visit.map((v) => [0.1, 0.3, 0.4, 0.4][v]!);
  const held = {
    timeMs: visit,
    site: visit.map((v) => (v < 2 ? 'a' : 'b')),
    visit,
    actual: visit.map(() => 0),
    predicted: error,
    baseline: visit.map(() => null),
  };
  const reference = errorReference(held)!;
  expect(reference).toMatchObject({ error: expect.closeTo(0.3), visits: 4, spread: expect.closeTo(Math.sqrt(0.02 / 3)) });
  expect([...reference.bySite].map(([site, e]) => [site, Number(e.toFixed(6))])).toEqual([
    ['a', 0.2],
    ['b', 0.4],
  ]);
});

test('ranges leave out what never changes, what is missing and what is not of the moment; an input beyond its own is named, the worst first', () => {
  const names = ['cpu@0', 'cpu@4', 'flat@0', 'gone@0', 'load'];
  const rows = Float32Array.from(Array.from({ length: 101 }, (_, i) => [i, i, 1, NaN, 2 * i]).flat());
  expect(inputRanges({ names, rows, n: 101 })).toEqual([
    { name: 'cpu@0', low: -10, high: 110 },
    { name: 'load', low: -20, high: 220 },
  ]);
  const window = (fromMs: number): InputWindow => ({
    fromMs,
    inputs: [
      { name: 'cpu@0', known: 100, beyond: 30 + fromMs },
      { name: 'load', known: 20, beyond: 20 },
      { name: 'few', known: LEAST - 1, beyond: LEAST - 1 },
      { name: 'little', known: 100, beyond: 19 },
    ],
  });
  expect(inputDrifts([window(5), window(6), window(7)]).map(({ name, effect, sinceMs }) => ({ name, effect, sinceMs }))).toEqual([
    { name: 'load', effect: 1, sinceMs: 5 },
    { name: 'cpu@0', effect: 0.35, sinceMs: 5 },
  ]);
  expect(inputDrifts([window(5), window(6)])).toEqual([]);
});
