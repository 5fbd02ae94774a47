import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram, LatencyLog, TickLog } from '../../../connectors/local/latency.ts';

test('a quantile is within 1 % of the exact one', () => {
  const latencies = fc.array(fc.double({ min: 0.1, max: 20_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.5, 0.95), (values, q) => {
      const hist = new Histogram();
      for (const value of values) hist.add(value);
      const exact = [...values].sort((a, b) => a - b)[Math.ceil(q * values.length) - 1] ?? NaN;
      expect(Math.abs((hist.quantileMs(q) ?? NaN) / exact - 1)).toBeLessThan(0.0101);
    }),
  );
});

test('merging two histograms is adding all to one', () => {
  const [one, two, both] = [new Histogram(), new Histogram(), new Histogram()];
  for (const value of [1, 5, 9]) one.add(value);
  for (const value of [2, 400]) two.add(value);
  for (const value of [1, 5, 9, 2, 400]) both.add(value);
  one.merge(two);
  expect([one.n, one.quantileMs(0.5), one.quantileMs(0.95), one.countOver(8)]).toEqual([
    both.n,
    both.quantileMs(0.5),
    both.quantileMs(0.95),
    2,
  ]);
});

test('what was shed, failed or timed out was not answered within the bound', () => {
  const log = new LatencyLog();
  for (let i = 0; i < 7; i += 1) {
    log.send(1000);
    log.add(1000, 'ok', i < 5 ? 10 : 100);
  }
  log.send(1500);
  log.add(1500, 'failed');
  log.send(1900);
  log.add(1900, 'timedOut', 10_000);
  log.add(1900, 'shed');
  const { requests, shareOverBound, seconds } = log.report(0, 10_000, 30);
  expect(requests).toEqual({ sent: 9, ok: 7, failed: 1, badStatus: 0, timedOut: 1, shed: 1 });
  expect(shareOverBound).toBe(0.5);
  expect(seconds).toEqual([expect.objectContaining({ atMs: 1000, n: 9, shareOverBound: 0.5 })]);
});

test('a report holds the seconds of its range only', () => {
  const log = new LatencyLog();
  for (const second of [1, 2, 3]) {
    log.send(second * 1000);
    log.add(second * 1000, 'ok', second);
  }
  expect(log.report(2000, 3000, 30).seconds.map(({ atMs }) => atMs)).toEqual([2000]);
});

test('nothing asked is no latency, not zero', () => {
  expect(new LatencyLog().report(0, 1e15, 30)).toEqual({
    requests: { sent: 0, ok: 0, failed: 0, badStatus: 0, timedOut: 0, shed: 0 },
    seconds: [],
  });
  expect(new TickLog().take()).toEqual({ asked: 0, failed: 0 });
});

test('a log keeps one hour', () => {
  const log = new LatencyLog();
  for (let second = 0; second < 4000; second += 1) log.send(second * 1000);
  const { seconds } = log.report(0, 1e15, 30);
  expect(seconds[0]?.atMs).toBe(399_000);
});

test('the mean of a tick is that of the logarithms, and a tick starts empty', () => {
  const tick = new TickLog();
  tick.ask();
  tick.ask();
  tick.add(10);
  tick.add(1000);
  expect(tick.take().meanMs).toBeCloseTo(100, 6);
  expect(tick.take()).toEqual({ asked: 0, failed: 0 });
});

test('what failed is counted apart, and a tick of failures only has no latency', () => {
  const tick = new TickLog();
  for (const _ of [1, 2, 3]) tick.ask();
  for (const _ of [1, 2, 3]) tick.fail();
  expect(tick.take()).toEqual({ asked: 3, failed: 3, failedShare: 1 });
  for (const _ of [1, 2, 3, 4]) tick.ask();
  for (const _ of [1, 2, 3]) tick.add(50);
  tick.fail();
  expect(tick.take()).toMatchObject({ asked: 4, failed: 1, failedShare: 0.25, meanMs: expect.closeTo(50, 6) });
});
