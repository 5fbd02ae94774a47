import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TRUST_CODE } from '../../domain/decision-codes.ts';
import { trustOf } from '../../domain/trust.ts';
import { evidence, LOOK, policy } from './decide-case.ts';

const DAY = 86_400_000;
const p = policy({ trust: { samples: 30, maxAge: '7d', maxError: 0.2 } });

describe('evidence entitles a model', () => {
  test.each([
    ['nothing', undefined, 'insufficient', 'no evidence'],
    ['9 of 30 samples', evidence('a', { samples: 9 }), 'insufficient', '9 of 30 samples'],
    ['10 of 30 samples', evidence('a', { samples: 10 }), 'provisional', '10 of 30 samples'],
    ['29 of 30 samples', evidence('a', { samples: 29 }), 'provisional', '29 of 30 samples'],
    ['30 samples', evidence('a', { samples: 30 }), 'trusted', 'enough samples, fresh, error within the limit'],
    ['the error at its limit', evidence('a', { error: 0.2 }), 'trusted', 'enough samples, fresh, error within the limit'],
    ['the error above it', evidence('a', { error: 0.21 }), 'provisional', 'error 0.210 above 0.2'],
    ['the error above twice the limit', evidence('a', { error: 0.41 }), 'insufficient', 'error 0.410 above 0.2'],
    ['7 days of age', evidence('a', { newestMs: LOOK - 7 * DAY }), 'trusted', 'enough samples, fresh, error within the limit'],
    ['8 days of age', evidence('a', { newestMs: LOOK - 8 * DAY }), 'provisional', 'newest sample is 691200 s old, limit 604800 s'],
    ['an unknown error', evidence('a', { error: NaN }), 'insufficient', 'evidence is damaged'],
    ['an unknown age', evidence('a', { newestMs: -Infinity }), 'insufficient', 'evidence is damaged'],
    ['a negative error', evidence('a', { error: -0.1 }), 'insufficient', 'evidence is damaged'],
  ])('%s', (_, row, trust, why) => {
    expect(trustOf(row, p, LOOK)).toMatchObject({ trust, why });
  });
});

test('more samples, less error and less age never take trust away', () => {
  const row = fc.record({
    samples: fc.nat(100),
    error: fc.double({ min: 0, max: 1, noNaN: true }),
    newestMs: fc.integer({ min: LOOK - 20 * DAY, max: LOOK }),
  });
  fc.assert(
    fc.property(row, row, (x, y) => {
      const better = {
        samples: Math.max(x.samples, y.samples),
        error: Math.min(x.error, y.error),
        newestMs: Math.max(x.newestMs, y.newestMs),
      };
      const of = (r: typeof x) => TRUST_CODE[trustOf(evidence('a', r), p, LOOK).trust];
      expect(of(better)).toBeGreaterThanOrEqual(Math.max(of(x), of(y)));
    }),
  );
});
