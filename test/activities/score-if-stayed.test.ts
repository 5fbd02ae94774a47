import { beforeAll, expect, test } from 'vitest';

import { scoreIfStayed } from '../../activities/score-if-stayed.ts';
import { T0, withStore } from '../connectors/store/store-fixture.ts';

const at = withStore();

beforeAll(async () => {
  // 10 ms score 1, 110 ms score 0. The app has 30 ms on s1, which is not slowed down; s0 is, by 3 from the sixth second on; of s2 nothing is known.
  for (let s = 1; s <= 10; s++) {
    await at.store.appendScrape({
      atMs: T0 + s * 1000,
      sites: [
        { site: 's0', values: { probe_ratio: s <= 5 ? 1 : 3 } },
        { site: 's1', values: { probe_ratio: 1 } },
      ],
      apps: [{ app: 'a0', placed: s <= 5 ? 's0' : 's1', values: { kpi_p99_ms: s <= 5 ? 35 : 30 } }],
    });
  }
});

const score = (from: string, fromS: number, toS: number) =>
  scoreIfStayed(at.store, { app: 'a0', from, to: 's1', fromMs: T0 + fromS * 1000, toMs: T0 + toS * 1000 });

test('what the site it left would have given is what it had on the new one, as much slower as that site was then', async () => {
  // 30 ms times 3 are 90 ms.
  expect(await score('s0', 5, 10)).toBeCloseTo(0.2, 6);
});

test('where a site says nothing of its slowness, or the time is too short, nothing is known', async () => {
  expect(await score('s2', 5, 10)).toBeUndefined();
  expect(await score('s0', 9.5, 10)).toBeUndefined();
  expect(await score('s0', 20, 30)).toBeUndefined();
});
