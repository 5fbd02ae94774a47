import { describe, expect, test } from 'vitest';
import type { FleetWindow } from '../../domain/frame.ts';
import { objectiveDigest } from '../../domain/objective.ts';
import { planFeatures } from '../../learning/plan.ts';
import { contractMismatch, predictRows, toScores } from '../../learning/serve.ts';
import { contractOf } from './models.ts';
import { latencyObjective, neighbourProfile } from './neighbour.ts';

const { frame } = neighbourProfile({ seed: 1, visits: 4, visitS: 10 });
const plan = planFeatures({ frames: [frame], facts: {}, horizonS: 4, sites: ['site-0', 'site-1'] });
const window: FleetWindow = { grid: frame.grid, sites: frame.sites, apps: [frame.app, { ...frame.app, app: 'second' }] };
const contract = { ...contractOf([]), objectiveDigest: objectiveDigest(latencyObjective) };

describe('rows of a look', () => {
  test('are of the apps asked for, on the sites they may run on', () => {
    const { app, site, n } = predictRows(plan, { window, facts: {}, apps: [0, 1], sitesOf: (a) => (a === 0 ? [0, 1] : [1]) });
    expect([n, [...app], [...site]]).toEqual([3, [0, 0, 1], [0, 1, 1]]);
  });

  test('leave out a site of which nothing is known', () => {
    const values = frame.sites.values.map((v, i) => (i < 2 * frame.grid.ticks ? NaN : v));
    const { site } = predictRows(plan, { window: { ...window, sites: { ...frame.sites, values } }, facts: {}, apps: [0] });
    expect([...site]).toEqual([1]);
  });

  test('are refused when telemetry has another step than the model learned with', () => {
    const slow = { ...window, grid: { ...window.grid, stepMs: 15_000 } };
    expect(() => predictRows(plan, { window: slow, facts: {}, apps: [0] })).toThrow(
      'window: its step is 15000 ms, the model learned with 500 ms',
    );
  });
});

describe('scores', () => {
  test('of a latency have their ends turned: the slow end is the pessimistic score', () => {
    // 10 ms scores 1 and 100 ms 0 on a log scale: 31.6228 ms is half-way.
    const scores = toScores(latencyObjective, contract, Float32Array.from([10, 31.622776, 100, NaN, NaN, NaN]));
    [0, 0.5, 1].forEach((score, i) => expect(scores[i]).toBeCloseTo(score, 5));
    expect([...scores.subarray(3)]).toEqual([NaN, NaN, NaN]);
  });

  test('that the model predicts itself are kept within 0 and 1', () => {
    expect([...toScores(latencyObjective, { ...contract, target: 'qos' }, Float32Array.from([-0.5, 0.5, 1.5]))]).toEqual([0, 0.5, 1]);
  });

  test('are not made from a model of another objective', () => {
    expect(() => toScores(latencyObjective, contractOf([]), new Float32Array(3))).toThrow(
      /^objective: its digest is [0-9a-f]{64}, the model learned 0{64}$/,
    );
  });
});

test('a contract says why it cannot speak for what is asked now', () => {
  const now = { objective: latencyObjective, horizonS: 4, stepS: 0.5 };
  expect(contractMismatch(contract, now)).toBeUndefined();
  expect(contractMismatch(contract, { ...now, horizonS: 10 })).toBe('the model predicts 4 s ahead, the policy asks for 10 s');
  expect(contractMismatch(contract, { ...now, stepS: 1 })).toBe('the model learned with a step of 0.5 s, telemetry has 1 s');
  expect(contractMismatch({ ...contract, objectiveDigest: 'x' }, now)).toMatch(/^the model learned objective x, in force is/);
});
