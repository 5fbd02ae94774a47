import fc from 'fast-check';
import { expect, test } from 'vitest';

import { msOf } from '../../../domain/replay/recorded-input.ts';

const NOW = 1_795_650_735_123;

test('a time that a record tells in seconds gives the same figure again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 * 86_400_000 }), (ms) => {
      const figure = Math.fround(ms / 1000);
      expect(Math.fround((NOW + msOf(figure) - NOW) / 1000)).toBe(figure);
      expect(Math.fround((NOW - (NOW - msOf(figure))) / 1000)).toBe(figure);
    }),
    { numRuns: 20_000 },
  );
});
