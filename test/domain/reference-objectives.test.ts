import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Config } from '../../domain/config.ts';
import { decide } from '../../domain/decide.ts';
import { kpiScore, objectiveDigest, scoreOf, scoreQuantiles } from '../../domain/objective.ts';
import { parseConfig } from '../../domain/parse-config.ts';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';
import { decideCase } from './decide-case.ts';

/** The three definitions of quality that people come from, as the examples have them. */
function example(name: string): Config {
  const parsed = parseConfig(readFileSync(join(checkoutFolder(), 'examples', `${name}.berth.yaml`), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.problems.map((p) => `${p.path}: ${p.message}`).join('\n'));
  return parsed.config;
}

test.each([
  [30, 0.001, 1],
  [25, 0.1005, 0.5],
  [20, 0.2, 0],
  // 0.5 x 0.8 + 0.5 x (1 - 0.049/0.199)
  [28, 0.05, 0.4 + 0.5 * (1 - 0.049 / 0.199)],
  [31, 0.001, 0],
  [19, 0.001, 0],
  [30, 0.0005, 0],
  [30, 0.21, 0],
])('%d frames per second at %d s score %d', (fps, latency, score) => {
  const { smooth } = example('fps-and-latency').objectives;
  expect(scoreOf(smooth!, { kpi_fps_hz: fps, kpi_latency_s: latency })).toBeCloseTo(score, 12);
});

test('one KPI outside its bounds tells nothing while another is unknown', () => {
  expect(scoreOf(example('fps-and-latency').objectives['smooth']!, { kpi_latency_s: 0.21 })).toBeNaN();
});

test('quantiles of a KPI with bounds stay in order, and bounds make another objective', () => {
  const { kpis, slo } = example('fps-and-latency').objectives['smooth']!;
  const latency = { kpis: [kpis[1]!], slo };
  // 0.0005 s is outside and scores 0, though it is the best of the three.
  const { p10, p50, p90 } = scoreQuantiles(latency, { p10: 0.0005, p50: 0.05, p90: 0.1 });
  expect([p10, p50, p90]).toEqual([0, kpiScore(kpis[1]!, 0.1), kpiScore(kpis[1]!, 0.05)]);
  const { bounds: _, ...unbounded } = kpis[1]!;
  expect(objectiveDigest({ kpis: [unbounded], slo })).not.toBe(objectiveDigest(latency));
});

/** Latency in ms as predicted for each site, the app being on the first; intervals without width. */
function way(here: readonly [string, number], there: readonly [string, number]): string {
  const config = example('edge-and-cloud');
  const objective = config.objectives['responsive']!;
  const scored = [here, there].map(([site, ms]) => {
    const score = Math.fround(scoreOf(objective, { kpi_latency_ms: ms }));
    return [site, [score, score, score, score]] as const;
  });
  const input = decideCase({ objective, policy: { ...config.policies['by-thresholds']!, predictor: 'model' } }, Object.fromEntries(scored));
  const sites = [here, there].map(([site]) => ({ site, spec: config.sites[site]! }));
  const { verdict, to } = decide({ ...input, sites });
  return verdict === 'move' ? `to ${to}` : verdict;
}

test.each([
  ['leaves the edge above 200 ms', way(['edge', 201], ['cloud', 60]), 'to cloud'],
  ['stays on the edge below 200 ms', way(['edge', 199], ['cloud', 60]), 'stay'],
  ['comes back below 45 ms', way(['cloud', 60], ['edge', 44]), 'to edge'],
  ['stays in the cloud above 45 ms', way(['cloud', 60], ['edge', 46]), 'stay'],
])('with the two thresholds an app %s', (_, said, wanted) => {
  expect(said).toBe(wanted);
});

test.each([
  [20, 1],
  [100, 0.5],
  [500, 0],
  [10, 1],
  [1000, 0],
])('a 95th percentile of %d ms scores %d', (ms, score) => {
  expect(scoreOf(example('percentile').objectives['tail']!, { kpi_p95_ms: ms })).toBeCloseTo(score, 12);
});
