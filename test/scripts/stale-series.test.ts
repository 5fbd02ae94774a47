import { beforeAll, expect, test } from 'vitest';

import { staleSeries } from '../../scripts/commands/stale-series.ts';
import { sampleConfig } from '../connectors/store/sample-config.ts';
import { T0, withStore } from '../connectors/store/store-fixture.ts';

const config = sampleConfig({ apps: 3, sites: 1 });
const at = withStore(config);

const full = { load: 1, kpi_p99_ms: 20 };
const scrape = (atMs: number, apps: Readonly<Record<string, Record<string, number>>>) =>
  at.store.appendScrape({
    atMs,
    sites: [{ site: 's0', values: { cpu_cores: 0.1 } }],
    apps: Object.entries(apps).map(([app, values]) => ({ app, placed: 's0', values })),
  });

beforeAll(async () => {
  await scrape(T0, { a0: full, a1: full, a2: full });
  await scrape(T0 + 60_000, { a0: full, a1: { load: 1 }, a2: { kpi_p99_ms: 20 } });
  await scrape(T0 + 120_000, { a0: full, a1: full });
});

test('nothing is missing when every app has its load and its KPIs', async () => {
  expect(await staleSeries(at.store, config, T0 + 1000)).toBeUndefined();
});

test('a KPI or a load that has vanished is named, though the app has other samples', async () => {
  expect(await staleSeries(at.store, config, T0 + 61_000)).toBe('none in the last 20 s of a1 kpi_p99_ms, a2 load');
});

test('an app without any sample is named', async () => {
  expect(await staleSeries(at.store, config, T0 + 121_000)).toBe('none in the last 20 s of a2');
});

test('when nothing came at all the store says so', async () => {
  expect(await staleSeries(at.store, config, T0 + 600_000)).toContain('no sample of any site or app');
});
