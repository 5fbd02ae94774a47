import { describe, expect, test } from 'vitest';

import { policySchema } from '../../../domain/config.ts';
import { forecastsByWindow, foreseenLevel } from '../../../domain/replay/forecasts.ts';
import { replayTraces } from '../../../domain/replay/replay-traces.ts';
import { traceOf } from './traces.ts';

const grid = { sites: ['a', 'b'], fromMs: 1000, everyMs: 300_000, windows: 3 };

describe('forecasts of a model', () => {
  test('the newest of a window is its forecast; what is outside of the trace is left out', () => {
    const rows = [
      { atMs: 200_000, site: 'a', quantiles: [0.3, 0.2, 0.4] },
      { atMs: 100_000, site: 'a', quantiles: [0.7, 0.8, 0.9] },
      { atMs: 900_999, site: 'b', quantiles: [0.5, 0.5, 0.5] },
      { atMs: 901_000, site: 'b', quantiles: [0.5, 0.5, 0.5] },
      { atMs: 1000, site: 'c', quantiles: [0.5, 0.5, 0.5] },
    ];
    const { q } = forecastsByWindow(rows, grid, 30);
    expect([...q.slice(0, 3)]).toEqual([0.2, 0.3, 0.4].map(Math.fround));
    expect([...q.slice(3)].filter((x) => !Number.isNaN(x))).toEqual([0.5, 0.5, 0.5]);
    expect(q[(2 * 2 + 1) * 3]).toBe(0.5);
  });

  test('each is judged by the window it was for', () => {
    const q = Float32Array.from([0.5, 0.75, 0.25].flatMap((p50) => [p50, p50, p50]));
    const level = foreseenLevel({ horizonS: 600, q }, { site: 0, sites: 1, everyMs: 300_000 });
    for (const score of [0, 0, 0.75]) level.push(score);
    // Two windows ahead: so far one forecast was judged, which is no error yet.
    expect(level.expectation()).toEqual({ p10: 0.25, p50: 0.25, p90: 0.25, error: NaN });
    level.push(NaN);
    expect(level.expectation()).toBeUndefined();
  });

  test('berth follows a model that foresees a step before it can be seen, and the proactive rule is in the table', () => {
    const trace = traceOf(Array.from({ length: 40 }, (_, i) => [0.7, i < 20 ? 0.4 : 0.9]));
    const foreseen = Array.from({ length: 40 }, (_, i) => [0.7, i + 1 < 20 ? 0.4 : 0.9]).flat();
    const q = Float32Array.from(foreseen.flatMap((p50) => [p50 - 0.01, p50, p50 + 0.01]));
    const options = { start: 0, target: 0.5, moveCostS: 0, policy: policySchema.parse({ sustained: { looks: 1, of: 1 } }) };
    const at = (more: object) => [...replayTraces([trace], { ...options, ...more }).berth].indexOf(1);
    expect(at({})).toBe(21);
    expect(at({ forecasts: [{ horizonS: 300, q }] })).toBe(20);
    // A forecast that does not reach to the end of a move is no reason to begin it.
    expect(at({ forecasts: [{ horizonS: 300, q }], moveCostS: 301 })).toBe(-1);
    const { policies } = replayTraces([trace], { ...options, forecasts: [{ horizonS: 300, q }] });
    expect(policies.map((p) => p.name)).toContain('reference:proactive');
  });
});
