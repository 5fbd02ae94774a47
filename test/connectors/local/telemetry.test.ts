import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Scrape } from '../../../domain/records.ts';
import { eventually } from '../../contracts/eventually.ts';
import { localGround } from './local-ground.ts';
import type { LocalGround } from './local-ground.ts';

let ground: LocalGround;
beforeAll(async () => {
  ground = await localGround({ rate: 50, neighbours: { warm: 0.3, hot: 1.5, gap: 0.2, burners: 3, jitter: 0 } });
});
afterAll(() => ground?.close());

const siteOf = (scrape: Scrape, site: string) => scrape.sites.find((one) => one.site === site)?.values;
const appOf = (scrape: Scrape, app: string) => scrape.apps.find((one) => one.app === app);

test('every scrape has its time on the grid and every series of an app under load', async () => {
  const isFull = (one: Scrape) => {
    const values = appOf(one, 'web')?.values ?? {};
    return ['app_cpu_cores', 'kpi_latency_ms'].every((name) => name in values) && 'cpu_cores' in (siteOf(one, 'a') ?? {});
  };
  const scrape = await eventually('a full scrape', () => ground.scrapes().find(isFull));
  expect(scrape.atMs % 500).toBe(0);
  expect(scrape.sites.map(({ site }) => site)).toEqual(['a', 'b']);
  expect(Object.keys(siteOf(scrape, 'a') ?? {}).sort()).toEqual(['cpu_cores', 'probe_ratio']);
  expect(appOf(scrape, 'web')?.placed).toBe('a');
  expect(Object.keys(appOf(scrape, 'web')?.values ?? {}).sort()).toEqual([
    'app_cpu_cores',
    'app_rundelay_ratio',
    'kpi_failed_ratio',
    'kpi_latency_ms',
    'kpi_p95_ms',
    'load',
  ]);
});

test('no value is NaN or infinite, and an app nobody asks has no latency', async () => {
  const all = await eventually('some scrapes', () => ground.scrapes().length > 4 && ground.scrapes());
  for (const scrape of all)
    for (const { values } of [...scrape.sites, ...scrape.apps])
      for (const value of Object.values(values)) expect(Number.isFinite(value)).toBe(true);
  const idle = all.map((one) => appOf(one, 'picky')?.values ?? {});
  expect(idle.some((values) => values['load'] === 0)).toBe(true);
  expect(idle.every((values) => values['kpi_latency_ms'] === undefined)).toBe(true);
});

test('the probe of a site tells when its neighbours burn, and of the other site that they do not', async () => {
  const hot = (one: Scrape, here: string, there: string) =>
    (siteOf(one, here)?.['probe_ratio'] ?? 0) > 2.5 && (siteOf(one, there)?.['probe_ratio'] ?? 9) < 2;
  await eventually('site a is hot alone', () => ground.scrapes().some((one) => hot(one, 'a', 'b')));
  await eventually('site b is hot alone', () => ground.scrapes().some((one) => hot(one, 'b', 'a')));
});

test('the report has the true pattern of the neighbours, one site after the other', async () => {
  const spans = await eventually('a full cycle', async () => {
    const { neighbours } = await ground.platform.report({ fromMs: 0, toMs: 1e15, boundMs: 30 });
    return neighbours.length >= 6 && neighbours;
  });
  expect(spans.slice(0, 6).map(({ site, phase, burners }) => [site, phase, burners])).toEqual([
    ['a', 'warm', 1],
    ['a', 'hot', 3],
    ['a', 'gap', 0],
    ['b', 'warm', 1],
    ['b', 'hot', 3],
    ['b', 'gap', 0],
  ]);
});

test('the report counts every request once and says that the sites are simulated', async () => {
  const { apps, mode } = await ground.platform.report({ fromMs: 0, toMs: Date.now() - 5000, boundMs: 10_000 });
  const web = apps['web'];
  const { sent = 0, ok, failed, badStatus, timedOut } = web?.requests ?? {};
  expect(sent).toBe((ok ?? 0) + (failed ?? 0) + (badStatus ?? 0) + (timedOut ?? 0));
  expect(web?.seconds.reduce((sum, second) => sum + second.n, 0)).toBe(sent);
  expect(mode.kind).toBe('simulated');
});

test('traffic that is not ours is measured at the proxy', async () => {
  const asked = await eventually('the proxy saw a request', async () => {
    await ground.request('picky');
    return ground.scrapes().find((one) => (appOf(one, 'picky')?.values['load'] ?? 0) > 0);
  });
  expect(appOf(asked, 'picky')?.values['kpi_latency_ms']).toBeGreaterThan(0);
});
