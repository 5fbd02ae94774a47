import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openAsk, type Ask } from '../../../connectors/prometheus/ask.ts';
import { collect, type CollectPlan } from '../../../connectors/prometheus/collect.ts';
import { hasPrometheus, startPrometheus, type RealPrometheus, type Sample } from './real-prometheus.ts';

const START = Date.UTC(2026, 10, 1);
const STEP = 15_000;
const TICKS = 40;
const at = (tick: number) => START + tick * STEP;
const history: Sample[] = Array.from({ length: TICKS }, (_, i): Sample[] => [
  ['load{host="a",job="node"}', at(i)],
  ['load{host="b",job="node"}', at(i)],
  ['build{version="1",job="node"}', at(i)],
  ['requests_total{job="node"}', at(i)],
  ['other{job="web"}', at(i)],
]).flat();
/** The value of each: a load that changes on a and rests on b, a constant, a counter that grows by 30 per row. */
const valueOf = (line: string, atMs: number): number => {
  const tick = (atMs - START) / STEP;
  if (line.startsWith('load{host="a"')) return tick % 7;
  if (line.startsWith('requests')) return 30 * tick;
  return 1;
};

describe.skipIf(!hasPrometheus)('what a real Prometheus has to offer', () => {
  let prometheus: RealPrometheus;
  let ask: Ask;
  beforeAll(async () => {
    prometheus = await startPrometheus(history.map(([line, atMs]) => [`${line} ${valueOf(line, atMs)}`, atMs]));
    ask = openAsk({ url: prometheus.url, timeoutMs: 10_000 });
  }, 120_000);
  afterAll(async () => {
    ask?.close();
    await prometheus?.stop();
  });
  const plan = (change: Partial<CollectPlan> = {}): CollectPlan => ({
    selectors: ['{job="node"}'],
    queries: [],
    startMs: at(5),
    endMs: at(TICKS - 1),
    stepMs: STEP,
    keepConstant: false,
    progress: () => undefined,
    ...change,
  });

  test('is a table of the series that change, counters as rates, with the query of each column', async () => {
    const found = await collect(ask, plan({ queries: [{ column: 'kpi', query: 'sum(load)' }] }));
    if ('kind' in found) return expect.unreachable(found.why);
    expect(found.matched).toBe(4);
    expect(found.columns.map((c) => [c.column, c.query])).toEqual([
      ['kpi', 'sum(load)'],
      ['load.host=a', 'load{host="a",job="node"}'],
    ]);
    expect(found.constant).toEqual(['build{job="node",version="1"}', 'load{host="b",job="node"}', 'rate(requests_total{job="node"}[60s])']);
    expect(found.timesMs).toHaveLength(TICKS - 5);
    expect([...(found.columns[1]?.values ?? [])].slice(0, 4)).toEqual([5, 6, 0, 1]);
  });

  test('keeps what never changes when asked to, the growth of a counter as 2 per second', async () => {
    const found = await collect(ask, plan({ keepConstant: true }));
    if ('kind' in found) return expect.unreachable(found.why);
    expect(found.columns.find((c) => c.column === 'requests_total')?.values[10]).toBeCloseTo(2, 9);
  });

  test('has no sample where there was none, and says so', async () => {
    const found = await collect(ask, plan({ endMs: at(TICKS + 20), startMs: at(TICKS - 2) }));
    if ('kind' in found) return expect.unreachable(found.why);
    expect(Number.isNaN(found.columns[0]?.values.at(-1))).toBe(true);
    const nothing = await collect(ask, plan({ selectors: ['nothing'] }));
    expect(nothing).toMatchObject({ matched: 0, columns: [] });
  });

  test('is refused as a whole when a query fails, or when it would be too much', async () => {
    expect(await collect(ask, plan({ queries: [{ column: 'x', query: 'load' }] }))).toMatchObject({ reason: 'bad-query' });
    expect(await collect(ask, plan({ selectors: ['{job=~".*"}'] }))).toMatchObject({ kind: 'unknown' });
    expect(await collect(ask, plan({ startMs: 0, stepMs: 100 }))).toMatchObject({ reason: 'too-large' });
  });
});
