import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kpi, Objective } from '../../domain/config.ts';
import { kpiAtScore, kpiKey, kpiScore, objectiveDigest, scoreOf, scoreQuantiles } from '../../domain/objective.ts';

const latency: Kpi = { name: 'latency', unit: 'ms', better: 'lower', best: 8, worst: 80, scale: 'log', weight: 1 };
const share: Kpi = { name: 'ok', unit: 'percent', better: 'higher', best: 100, worst: 90, scale: 'linear', weight: 3 };
const snappy: Objective = { kpis: [latency], slo: 0.6 };
const both: Objective = { kpis: [latency, share], slo: 0.6 };

test('a KPI is found under kpi_<name>_<unit>', () => {
  expect(kpiKey(latency)).toBe('kpi_latency_ms');
});

describe('the score of one KPI', () => {
  test.each([
    [latency, 8, 1],
    [latency, 80, 0],
    [latency, Math.sqrt(8 * 80), 0.5],
    [latency, 3, 1],
    [latency, 500, 0],
    [share, 90, 0],
    [share, 97.5, 0.75],
    [share, 100, 1],
    [share, -20, 0],
  ])('%o at %d is %d', (kpi, value, score) => {
    expect(kpiScore(kpi, value)).toBeCloseTo(score, 12);
  });

  test.each([NaN, Infinity, -Infinity, 0, -4])('of a log scale at %d is unknown', (value) => {
    expect(kpiScore(latency, value)).toBeNaN();
  });

  test('is unknown where best and worst are the same', () => {
    expect(kpiScore({ ...share, best: 5, worst: 5 }, 9)).toBeNaN();
  });
});

describe('the score of an objective', () => {
  test('is the mean of its KPI scores by weight', () => {
    expect(scoreOf(both, { kpi_latency_ms: 80, kpi_ok_percent: 97.5 })).toBeCloseTo((0 * 1 + 0.75 * 3) / 4, 12);
  });

  test('is unknown when one of its KPIs is', () => {
    expect(scoreOf(both, { kpi_latency_ms: 8 })).toBeNaN();
    expect(scoreOf(both, { kpi_latency_ms: 8, kpi_ok_percent: Infinity })).toBeNaN();
  });

  test('lies in [0,1] for known KPIs and never falls when a KPI gets better', () => {
    const ms = fc.double({ min: 0.001, max: 1e6, noNaN: true });
    const percent = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(ms, ms, percent, (a, b, p) => {
        const [fast, slow] = [Math.min(a, b), Math.max(a, b)];
        const good = scoreOf(both, { kpi_latency_ms: fast, kpi_ok_percent: p });
        const bad = scoreOf(both, { kpi_latency_ms: slow, kpi_ok_percent: p });
        expect(good).toBeGreaterThanOrEqual(bad);
        expect(bad).toBeGreaterThanOrEqual(0);
        expect(good).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('score quantiles', () => {
  test('change places where lower is better', () => {
    const q = scoreQuantiles(snappy, { p10: 8, p50: Math.sqrt(640), p90: 80 });
    expect(q.p10).toBeCloseTo(0, 12);
    expect(q.p50).toBeCloseTo(0.5, 12);
    expect(q.p90).toBeCloseTo(1, 12);
  });

  test('keep their places where higher is better', () => {
    expect(scoreQuantiles({ kpis: [share], slo: 1 }, { p10: 91, p50: 95, p90: 100 })).toEqual({ p10: 0.1, p50: 0.5, p90: 1 });
  });

  test('are refused for several KPIs', () => {
    expect(() => scoreQuantiles(both, { p10: 1, p50: 2, p90: 3 })).toThrow(RangeError);
  });

  test('are ordered whenever the KPI quantiles are', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1000, noNaN: true }), { minLength: 3, maxLength: 3 }), (values) => {
        const [p10 = 0, p50 = 0, p90 = 0] = values.sort((a, b) => a - b);
        const q = scoreQuantiles(snappy, { p10, p50, p90 });
        expect(q.p10).toBeLessThanOrEqual(q.p50);
        expect(q.p50).toBeLessThanOrEqual(q.p90);
      }),
    );
  });
});

test('the KPI at a score is the inverse of the score', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(latency, share), (score, kpi) => {
      expect(kpiScore(kpi, kpiAtScore(kpi, score))).toBeCloseTo(score, 9);
    }),
  );
  expect(kpiAtScore(latency, 7)).toBeCloseTo(8, 9);
  expect(kpiAtScore(latency, NaN)).toBeNaN();
});

describe('the digest of an objective', () => {
  test('is the same however its KPIs are ordered and whatever the SLO is', () => {
    expect(objectiveDigest({ kpis: [share, latency], slo: 0.9 })).toBe(objectiveDigest(both));
  });

  test('changes with every number that changes the score', () => {
    const changed = [{ best: 9 }, { worst: 81 }, { scale: 'linear' }, { weight: 2 }, { unit: 's' }] as const;
    const digests = changed.map((c) => objectiveDigest({ kpis: [{ ...latency, ...c }], slo: 0.6 }));
    expect(new Set([objectiveDigest(snappy), ...digests]).size).toBe(changed.length + 1);
  });
});
