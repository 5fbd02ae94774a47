import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTickGrid } from '../../../connectors/store/tick-grid.ts';
import { telemetryContract } from '../../contracts/telemetry.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore(sampleConfig({ apps: 700, sites: 3 }));
telemetryContract('the store', () => ({
  telemetry: fixture.store.telemetry,
  append: (scrape) => fixture.store.appendScrape(scrape),
  startMs: T0,
}));

const DAY = 86_400_000;

function bigScrape(atMs: number, from: number, to: number) {
  return {
    atMs,
    sites: [{ site: 's0', values: { cpu_cores: 0.5 } }],
    apps: Array.from({ length: to - from }, (_, i) => ({ app: `a${from + i}`, placed: 's1', values: { load: from + i, kpi_p99_ms: 3 } })),
  };
}

describe('scrapes', () => {
  test.each([
    [{ sites: [{ site: 's0', values: { cpu_cores: NaN } }], apps: [] }, /cpu_cores of site "s0" is NaN/],
    [{ sites: [], apps: [{ app: 'a1', values: { load: Infinity } }] }, /load of app "a1" is Infinity/],
    [{ sites: [], apps: [{ app: 'a1', values: { load: 1e300 } }] }, /load of app "a1" is 1e\+300.*float32/],
    [{ sites: [], apps: [{ app: 'zz', values: { load: 1 } }] }, /app "zz" is in no configuration/],
    [{ sites: [{ site: 'zz', values: { cpu_cores: 1 } }], apps: [] }, /site "zz" is in no configuration/],
    [{ sites: [], apps: [{ app: 'a1', placed: 'mars', values: { load: 1 } }] }, /site "mars" is in no configuration/],
    [{ sites: [], apps: [{ app: 'a1', values: { 'lo ad; drop table': 1 } }] }, /is no name of a series/],
  ])('what cannot be stored is refused by name: %o', async (part, message) => {
    await expect(fixture.store.appendScrape({ atMs: T0 + 5 * DAY, ...part })).rejects.toThrow(message);
    const found = await fixture.store.telemetry.windows({
      apps: ['a1'],
      sites: ['s0'],
      fromMs: T0 + 5 * DAY - 1,
      toMs: T0 + 5 * DAY,
      stepMs: 1,
    });
    expect(found).toMatchObject({ kind: 'no-data' });
  });

  test('a time that is no time is refused', async () => {
    await expect(fixture.store.appendScrape({ atMs: NaN, sites: [], apps: [] })).rejects.toThrow(/atMs/);
  });

  test('a scrape on a day nobody prepared is stored all the same', async () => {
    await fixture.store.appendScrape({ atMs: T0 + 100 * DAY, sites: [{ site: 's0', values: { cpu_cores: 1 } }], apps: [] });
    const [row] = await fixture.sql`select count(*)::int4 as n from sample_site where at_ms = ${T0 + 100 * DAY}`;
    expect(row).toEqual({ n: 1 });
  });

  test('a big scrape that was half written before is completed, and what was there stays', async () => {
    const atMs = T0 + 2 * DAY;
    await fixture.store.appendScrape(bigScrape(atMs, 100, 700));
    await fixture.store.appendScrape({ ...bigScrape(atMs, 0, 700), sites: [{ site: 's0', values: { cpu_cores: 9 } }] });
    await fixture.store.appendScrape(bigScrape(atMs, 0, 700));
    const [rows] = await fixture.sql`select count(*)::int4 as n from sample_app where at_ms = ${atMs}`;
    expect(rows).toEqual({ n: 700 });
    const window = await fixture.store.telemetry.windows({
      apps: ['a0', 'a699'],
      sites: ['s0'],
      fromMs: atMs - 1000,
      toMs: atMs,
      stepMs: 1000,
    });
    expect(window).toMatchObject({ sites: { values: Float32Array.of(0.5) }, apps: [{ app: 'a0' }, { app: 'a699' }] });
  });

  test('new series are appended, rows from before stay readable', async () => {
    const atMs = T0 + 3 * DAY;
    await fixture.store.appendScrape({ atMs, sites: [], apps: [{ app: 'a0', values: { load: 1 } }] });
    await Promise.all(
      ['zeta_s', 'alpha_s', 'zeta_s'].map((name, i) =>
        fixture.store.appendScrape({ atMs: atMs + 1 + i, sites: [], apps: [{ app: 'a0', values: { [`app_${name}`]: i } }] }),
      ),
    );
    const window = await fixture.store.telemetry.windows({ apps: ['a0'], sites: [], fromMs: atMs - 1, toMs: atMs + 3, stepMs: 1 });
    const [block] = 'kind' in window ? [] : window.apps;
    expect(new Set(block?.series)).toEqual(new Set(['load', 'app_zeta_s', 'app_alpha_s']));
    expect(block?.values.filter((v) => !Number.isNaN(v))).toHaveLength(4);
    const rows = await fixture.sql<{ position: number }[]>`select position from series where kind = 'app' order by position`;
    expect(rows.map((r) => r.position)).toEqual(rows.map((_, i) => i));
  });
});

test('every sample falls into the tick that its definition says, or into none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: -6000, max: 110_000 }), { maxLength: 40 }),
      (stepMs, ticks, times) => {
        const grid = createTickGrid({ startMs: 0, stepMs, ticks }, 1);
        for (const atMs of times) grid.add({ atMs, placed: 0, count: 1, value: () => atMs });
        for (let k = 0; k < ticks; k++) {
          const inside = times.filter((t) => t > k * stepMs && t <= (k + 1) * stepMs);
          expect(grid.values[k]).toBe(inside.length === 0 ? NaN : Math.max(...inside));
        }
      },
    ),
  );
});
