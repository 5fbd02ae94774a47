import { expect, test } from 'vitest';
import type { Frame } from '../../domain/frame.ts';
import { liveVisits } from '../../learning/live-visits.ts';

/** Ticks of one second from time 0; a digit is the site, a dot unknown. */
function frame(placed: string): Frame {
  const ticks = placed.length;
  return {
    grid: { startMs: 0, stepMs: 1000, ticks },
    sites: { sites: ['s0', 's1'], series: [], values: new Float32Array(0), newestMs: new Float64Array(2) },
    app: {
      app: 'a',
      series: [],
      values: new Float32Array(0),
      placed: Int16Array.from(placed, (c) => (c === '.' ? -1 : Number(c))),
      newestMs: 0,
    },
  };
}
const told = (placed: string, fromMs = 0) => liveVisits(frame(placed), { fromMs, visitS: 4 }).map((v) => `${v.site} ${v.fromMs}-${v.toMs}`);

test('a stay is cut into visits, and a stretch of less than half a visit is left out', () => {
  expect(told('000000000')).toEqual(['s0 0-4000', 's0 4000-8000']);
  expect(told('0000001')).toEqual(['s0 0-4000', 's0 4000-6000']);
  expect(told('0011')).toEqual(['s0 0-2000', 's1 2000-4000']);
});

test('a gap or a move ends a visit, and what lies before the beginning does not count', () => {
  expect(told('00.11')).toEqual(['s0 0-2000', 's1 3000-5000']);
  expect(told('0000', 2000)).toEqual(['s0 2000-4000']);
  expect(told('....')).toEqual([]);
  expect(told('00.....00')).toEqual(['s0 0-2000', 's0 7000-9000']);
});

test('a few moments that were not seen between two of the same place belong to the stay', () => {
  expect(told('0.0.00')).toEqual(['s0 0-5000']);
  expect(told('0....1')).toEqual([]);
});
