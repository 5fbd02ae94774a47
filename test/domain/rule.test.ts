import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectiveSchema } from '../../domain/config.ts';
import type { AppBlock, Grid, SiteBlock } from '../../domain/frame.ts';
import { ruleScores, scoreElsewhere, siteRule } from '../../domain/rule.ts';

const grid: Grid = { startMs: 0, stepMs: 500, ticks: 8 };
const objective = objectiveSchema.parse({ kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 10, worst: 90 }], slo: 0.6 });
const flat = (value: number) => Array<number>(grid.ticks).fill(value);

function block(sites: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>): SiteBlock {
  const series = [...new Set(Object.values(sites).flatMap((s) => Object.keys(s)))];
  const values = Object.values(sites).flatMap((s) => series.flatMap((name) => s[name] ?? flat(NaN)));
  return { sites: Object.keys(sites), series, values: Float32Array.from(values), newestMs: new Float64Array(Object.keys(sites).length) };
}

function app(series: Readonly<Record<string, readonly number[]>>, placed: readonly number[] = flat(0)): AppBlock {
  return {
    app: 'web',
    series: Object.keys(series),
    values: Float32Array.from(Object.values(series).flat()),
    placed: Int16Array.from(placed),
    newestMs: 4000,
  };
}

const scoresOf = (sites: SiteBlock, a: AppBlock, present = 0) => [...ruleScores(siteRule(grid, sites), a, { objective, present }).scores];

test('another site scores the latency observed here, scaled by the ratio of the slowdowns', () => {
  const sites = block({ a: { probe_ratio: flat(1.2) }, b: { probe_ratio: flat(1.8) }, c: { probe_ratio: flat(1) } });
  const [a = NaN, b = NaN, c = NaN] = scoresOf(sites, app({ kpi_latency_ms: flat(30) }));
  expect(a).toBeCloseTo(60 / 80, 6);
  expect(b).toBeCloseTo(45 / 80, 6);
  expect(c).toBeCloseTo(65 / 80, 6);
});

test('to measure by, a saturated site scores what its slowdown says', () => {
  const sites = block({ a: { probe_ratio: flat(1) }, b: { probe_ratio: flat(2) }, c: {} });
  const elsewhere = (site: number) =>
    scoreElsewhere(siteRule(grid, sites), app({ kpi_latency_ms: flat(30) }), { objective, present: 0, site });
  expect(elsewhere(1)).toBeCloseTo(30 / 80, 6);
  expect(elsewhere(2)).toBeNaN();
});

test('only the newest 5 ticks count, by their median', () => {
  const sites = block({ a: { probe_ratio: flat(1) }, b: { probe_ratio: [9, 9, 9, 1.5, NaN, 1.9, 1.1, NaN] } });
  // b: 1.5, 1.9 and 1.1 are left of its last five; a: latencies 20, 30, 50, 90 and 30.
  const [a = NaN, b = NaN] = scoresOf(sites, app({ kpi_latency_ms: [999, 999, 999, 20, 30, 50, 90, 30] }));
  expect(a).toBeCloseTo(60 / 80, 6);
  expect(b).toBeCloseTo(45 / 80, 6);
});

test('what the app had on another site says nothing of the present one', () => {
  const sites = block({ a: { probe_ratio: flat(1) }, b: { probe_ratio: flat(1) } });
  const moved = app({ kpi_latency_ms: [80, 80, 80, 80, 80, 80, 80, 30] }, [1, 1, 1, 1, 1, 1, 1, 0]);
  expect(scoresOf(sites, moved)[0]).toBeCloseTo(60 / 80, 6);
});

describe('a site is saturated', () => {
  const saturatedOf = (sites: SiteBlock, a = app({ kpi_latency_ms: flat(30) })) => [
    ...ruleScores(siteRule(grid, sites), a, { objective, present: 0 }).saturated,
  ];
  test('from a slowdown of 2, and then scores 0 where the app is not', () => {
    const sites = block({ a: { probe_ratio: flat(1) }, b: { probe_ratio: flat(2) } });
    expect(saturatedOf(sites)).toEqual([0, 1]);
    expect(scoresOf(sites, app({ kpi_latency_ms: flat(30) }))[1]).toBe(0);
  });

  test('and not because the app is served as badly as can be where it is: only saturated sites score exactly 0', () => {
    const sites = block({ a: { probe_ratio: flat(1) }, b: { probe_ratio: flat(1) } });
    const [a = NaN, b = NaN] = scoresOf(sites, app({ kpi_latency_ms: flat(500) }));
    expect([a, b].every((score) => score > 0 && score < 0.001)).toBe(true);
  });

  test('when others use 0.9 of its cores', () => {
    const sites = block({ a: { probe_ratio: flat(1), cpu_cores: flat(0.2) }, b: { probe_ratio: flat(1), cpu_cores: flat(0.95) } });
    expect(saturatedOf(sites)).toEqual([0, 1]);
  });

  test('not by what the app itself uses', () => {
    const sites = block({ a: { probe_ratio: flat(1), cpu_cores: flat(0.95) } });
    expect(saturatedOf(sites, app({ kpi_latency_ms: flat(30), app_cpu_cores: flat(0.5) }))).toEqual([0]);
    expect(saturatedOf(sites, app({ kpi_latency_ms: flat(30), app_cpu_cores: flat(0.01) }))).toEqual([1]);
  });

  test('by its own number of cores where telemetry has it', () => {
    const sites = block({
      a: { probe_ratio: flat(1), cpu_cores: flat(3), capacity_cores: flat(4) },
      b: { probe_ratio: flat(1), cpu_cores: flat(3.7), capacity_cores: flat(4) },
    });
    expect(saturatedOf(sites)).toEqual([0, 1]);
  });

  test('but the present site scores what is observed there all the same', () => {
    const sites = block({ a: { probe_ratio: flat(4) }, b: { probe_ratio: flat(1) } });
    const [a = NaN, b = NaN] = scoresOf(sites, app({ kpi_latency_ms: flat(80) }));
    expect(a).toBeCloseTo(10 / 80, 6);
    expect(b).toBeCloseTo(70 / 80, 6);
  });
});

describe('the rule cannot tell', () => {
  const calm = { probe_ratio: flat(1) };
  const latency = { kpi_latency_ms: flat(30) };
  const last = (value: number) => [1, 1, 1, value, value, value, value, value];
  test.each([
    ['of a site without a probe', block({ a: calm, b: { cpu_cores: flat(0) } }), app(latency), 0, [false, true]],
    ['of a site whose probe is stale', block({ a: calm, b: { probe_ratio: last(NaN) } }), app(latency), 0, [false, true]],
    ['of a site with an absurd probe', block({ a: calm, b: { probe_ratio: last(-1) } }), app(latency), 0, [false, true]],
    ['of others when the present site has no probe', block({ a: { cpu_cores: flat(0) }, b: calm }), app(latency), 0, [false, true]],
    ['of anything without the KPI', block({ a: calm, b: calm }), app({ load: flat(1) }), 0, [true, true]],
    ['of anything when the KPI is stale', block({ a: calm, b: calm }), app({ kpi_latency_ms: last(NaN) }), 0, [true, true]],
    ['of anything without a placement', block({ a: calm, b: calm }), app(latency), -1, [true, true]],
  ])('%s', (_, sites, a, present, unknown) => {
    expect(scoresOf(sites, a, present).map(Number.isNaN)).toEqual(unknown);
  });
});

test('a KPI that is better when higher is taken over unchanged', () => {
  const rate = objectiveSchema.parse({ kpis: [{ name: 'rate', unit: 'rps', better: 'higher', best: 100, worst: 0 }], slo: 0.6 });
  const sites = block({ a: { probe_ratio: flat(1) }, b: { probe_ratio: flat(1.5) } });
  expect([...ruleScores(siteRule(grid, sites), app({ kpi_rate_rps: flat(50) }), { objective: rate, present: 0 }).scores]).toEqual([
    0.5, 0.5,
  ]);
});

test('scores lie in [0,1] or are unknown, and a slower site never scores more', () => {
  const ratio = fc.double({ min: 0.5, max: 6, noNaN: true });
  fc.assert(
    fc.property(ratio, ratio, ratio, fc.double({ min: 1, max: 200, noNaN: true }), (here, x, y, ms) => {
      const sites = block({
        a: { probe_ratio: flat(here) },
        b: { probe_ratio: flat(Math.min(x, y)) },
        c: { probe_ratio: flat(Math.max(x, y)) },
      });
      const [, b = NaN, c = NaN] = scoresOf(sites, app({ kpi_latency_ms: flat(ms) }));
      expect(b).toBeGreaterThanOrEqual(c);
      expect(c).toBeGreaterThanOrEqual(0);
      expect(b).toBeLessThanOrEqual(1);
    }),
  );
});
