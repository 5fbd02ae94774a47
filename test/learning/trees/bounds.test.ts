import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findBounds } from '../../../learning/trees/bounds.ts';
import { writeCells } from '../../../learning/trees/cells.ts';

function binned(values: readonly number[], most = 64) {
  const rows = Float32Array.from(values);
  const matrix = { rows, n: rows.length, width: 1 };
  const found = findBounds(matrix, most);
  const cells = { byRow: new Uint8Array(rows.length * 8), padded: 8, byColumn: new Uint8Array(rows.length) };
  writeCells(matrix, found, cells);
  return { bounds: found.bounds[0]!, cells: cells.byColumn, byRow: [...cells.byRow].filter((_, i) => i % 8 === 0) };
}

describe('bins', () => {
  test('a bound lies at or above the value below it and below the next, even between neighbouring floats', () => {
    const next = Math.fround(1 + 2 ** -23);
    const { bounds, cells } = binned([1, next, NaN]);
    expect([...bounds]).toEqual([1]);
    expect([...cells]).toEqual([0, 1, 2]);
  });

  test('by hand: 8 values in 4 bins, and a value that fills two of them has one of its own', () => {
    expect([...binned([1, 2, 3, 4, 5, 6, 7, 8], 4).bounds]).toEqual([2.5, 4.5, 6.5]);
    expect([...binned([1, 5, 5, 5, 5, 6, 7, 8], 4).bounds]).toEqual([5.5, 6.5]);
  });

  test('a constant feature and one that is always missing have a single bin', () => {
    expect(binned([7, 7, 7]).bounds).toHaveLength(0);
    expect([...binned([NaN, NaN]).cells]).toEqual([1, 1]);
  });

  test('every value is in the bin of the first bound that is not below it', () => {
    const value = fc.oneof(fc.float({ noDefaultInfinity: false }), fc.integer({ min: -3, max: 3 }), fc.float({ min: 0, max: 1 }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 400 }), fc.integer({ min: 3, max: 256 }), (values, most) => {
        const { bounds, cells, byRow } = binned(values, most);
        expect(bounds.length).toBeLessThan(most);
        expect([...bounds]).toEqual([...bounds].sort((a, b) => a - b));
        values.map(Math.fround).forEach((v, i) => {
          const first = bounds.findIndex((bound) => v <= bound);
          expect(cells[i]).toBe(Number.isNaN(v) ? bounds.length + 1 : first < 0 ? bounds.length : first);
        });
        expect(byRow).toEqual([...cells]);
      }),
    );
  });
});
