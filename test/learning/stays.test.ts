import { expect, test } from 'vitest';
import type { Frame } from '../../domain/frame.ts';
import { buildDataset, targetValues } from '../../learning/dataset.ts';
import { planFeatures } from '../../learning/plan.ts';
import type { Visit } from '../../learning/profile.ts';
import { prolonged, staysOf } from '../../learning/stays.ts';
import { latencyObjective } from './neighbour.ts';

/** One tick per character: the site the app was on, `.` where that is unknown. Latency of tick t is 10 + t ms; a site's CPU is that of no app. */
function frameOf(app: string, placed: string): Frame {
  const ticks = placed.length;
  const count = (from: number): Float32Array => Float32Array.from({ length: ticks }, (_, t) => from + t);
  return {
    grid: { startMs: 0, stepMs: 1000, ticks },
    sites: {
      sites: ['s0', 's1'],
      series: ['cpu_cores'],
      values: Float32Array.from([...count(0), ...count(100)]),
      newestMs: Float64Array.from([ticks * 1000, ticks * 1000]),
    },
    app: {
      app,
      series: ['kpi_latency_ms'],
      values: count(10),
      placed: Int16Array.from(placed, (c) => (c === '.' ? -1 : Number(c))),
      newestMs: ticks * 1000,
    },
  };
}

const visit = (site: string, fromS: number, toS: number): Visit => ({ site, fromMs: fromS * 1000, toMs: toS * 1000, outcome: 'observed' });
const seconds = (v: Visit) => [v.site, v.fromMs / 1000, v.toMs / 1000];

test('a visit lasts until the app is seen elsewhere, or the next visit begins', () => {
  const visits = [visit('s0', 0, 3), visit('s1', 6, 8), { ...visit('s0', 8, 9), outcome: 'failed' as const }];
  expect(prolonged(frameOf('a', '0000011111'), visits).map(seconds)).toEqual([
    ['s0', 0, 5],
    ['s1', 6, 8],
    ['s0', 8, 9],
  ]);
  expect(prolonged(frameOf('a', '000.000000'), [visit('s0', 0, 3)]).map(seconds)).toEqual([['s0', 0, 3]]);
});

test('another app is learned from wherever it stays, settled, from the first visit on, and cut where a visit begins', () => {
  const visits = [visit('s0', 1, 4), visit('s1', 6, 9)];
  expect(staysOf(frameOf('b', '0000000000'), visits, 2).map(seconds)).toEqual([
    ['s0', 1, 6],
    ['s0', 6, 10],
  ]);
  expect(staysOf(frameOf('b', '0001111111'), visits, 2).map(seconds)).toEqual([
    ['s0', 1, 3],
    ['s1', 6, 10],
  ]);
  // Not knowing for a moment is no move.
  expect(staysOf(frameOf('b', '00.0000000'), visits, 2).map(seconds)).toEqual([
    ['s0', 1, 2],
    ['s0', 3, 6],
    ['s0', 6, 10],
  ]);
});

test('what was seen at the same time is one group, whichever app saw it', () => {
  const frames = [frameOf('a', '0000011111'), frameOf('b', '1111111111')];
  const visits = [visit('s0', 0, 5), visit('s1', 5, 10)];
  const sources = { frames, objective: latencyObjective, facts: {}, settleS: 0 };
  const plan = planFeatures({ frames, facts: {}, horizonS: 1, sites: ['s0', 's1'] });
  const data = buildDataset(plan, { ...sources, visits: [...visits, ...staysOf(frames[1]!, visits, 1)] });
  const groups = new Map(['s0', 's1'].map((site) => [site, new Set([...data.visit].filter((_, i) => data.site[i] === site))]));
  expect([...groups.get('s0')!]).toEqual([0]);
  expect([...groups.get('s1')!].sort()).toEqual([0, 1]);
  data.timeMs.forEach((timeMs, i) => expect(data.visit[i]).toBe(timeMs <= 5000 ? 0 : 1));
});

test('a target is the mean around its time, on one site', () => {
  expect([...targetValues(frameOf('a', '00011'), latencyObjective, 2)]).toEqual([10.5, 11.5, NaN, 13.5, 14]);
  expect([...targetValues(frameOf('a', '00011'), latencyObjective, 1)]).toEqual([10, 11, 12, 13, 14]);
});
