import { beforeAll, expect, test } from 'vitest';

import { observedScore } from '../../activities/observed-score.ts';
import { T0, withStore } from '../connectors/store/store-fixture.ts';

const at = withStore();

beforeAll(async () => {
  // 10 ms score 1, 110 ms score 0: ten seconds of 30 ms on s0, of which the last three on s1 with 80 ms.
  for (let s = 1; s <= 10; s++) {
    const [placed, p99] = s <= 7 ? ['s0', 30 + (s % 3) * 10] : ['s1', 80];
    await at.store.appendScrape({
      atMs: T0 + s * 1000,
      sites: [],
      apps: [
        { app: 'a0', placed, values: { kpi_p99_ms: p99 } },
        { app: 'a1', placed, values: {} },
      ],
    });
  }
});

const score = (app: string, site: string, fromS: number, toS: number) =>
  observedScore(at.store, { app, site, fromMs: T0 + fromS * 1000, toMs: T0 + toS * 1000 });

test('an app is scored by the median of what was seen on the site itself', async () => {
  // On s0: 40, 50, 30, 40, 50, 30, 40 ms, so the median is 40 ms.
  expect(await score('a0', 's0', 0, 10)).toBeCloseTo(0.7, 6);
  expect(await score('a0', 's1', 0, 10)).toBeCloseTo(0.3, 6);
});

test('an even number of samples has the mean of the middle two as its median', async () => {
  expect(await score('a0', 's0', 0, 2)).toBeCloseTo(0.65, 6);
});

test('where nothing was seen there is no score', async () => {
  expect(await score('a0', 's0', 7, 10)).toBeUndefined();
  expect(await score('a1', 's0', 0, 7)).toBeUndefined();
  expect(await score('nobody', 's0', 0, 7)).toBeUndefined();
  expect(await score('a0', 's0', 100, 110)).toBeUndefined();
});

test('a time shorter than one step of the telemetry has no score', async () => {
  expect(await score('a0', 's0', 3, 3.5)).toBeUndefined();
  expect(await score('a0', 's0', 3, 3)).toBeUndefined();
});
