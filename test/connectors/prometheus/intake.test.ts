import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FleetWindow } from '../../../domain/frame.ts';
import { openIntake, SOURCE, takingIn, type Intake } from '../../../connectors/prometheus/intake.ts';
import { openAsk } from '../../../connectors/prometheus/ask.ts';
import { askRange } from '../../../connectors/prometheus/range.ts';
import { telemetryContract } from '../../contracts/telemetry.ts';
import { sampleConfig } from '../store/sample-config.ts';
import { T0, withStore } from '../store/store-fixture.ts';
import { hasPrometheus, startPrometheus, type RealPrometheus, type Sample } from './real-prometheus.ts';

/** Without a Prometheus in its configuration the decorated telemetry is the store's own. */
const plain = withStore(sampleConfig());
telemetryContract('the store behind an intake', () => ({
  telemetry: takingIn(plain.store.telemetry, openIntake({ store: plain.store, clock: () => Date.now(), environment: {} })),
  append: (scrape) => plain.store.appendScrape(scrape),
  startMs: T0,
}));

const MINUTE = 60_000;
/** A full hour of the recent past: Prometheus' own clock is the machine's. */
const BASE = Math.floor((Date.now() - 2 * 60 * MINUTE) / MINUTE) * MINUTE;

/** Ten minutes of samples every 5 s: s1 falls silent after five, and app a0 moves from s0 to s1 at minute six. */
function history(): Sample[] {
  const times = Array.from({ length: 121 }, (_, i) => BASE + i * 5000);
  const homeOf = (at: number) => (at < BASE + 6 * MINUTE ? 'host-0' : 'host-1');
  const latency = (node: string, value: number) =>
    times.filter((at) => homeOf(at) === node).map((at): Sample => [`latency_ms{workload="a0",node="${node}"} ${value}`, at]);
  return [
    ...times.map((at): Sample => ['broken{node="host-0"} NaN', at]),
    ...times.map((at): Sample => [`cpu{node="host-0"} ${((at - BASE) / MINUTE).toFixed(3)}`, at]),
    ...times.filter((at) => at <= BASE + 5 * MINUTE).map((at): Sample => ['cpu{node="host-1"} 9', at]),
    ...latency('host-0', 80),
    ...latency('host-1', 20),
  ];
}

describe.skipIf(!hasPrometheus)(
  `telemetry from a real Prometheus${hasPrometheus ? '' : ' (there is none on this machine: apt-get install prometheus)'}`,
  () => {
    let prometheus: RealPrometheus;
    beforeAll(async () => {
      prometheus = await startPrometheus(history());
    });
    afterAll(async () => prometheus?.stop());

    const fixture = withStore();
    let intake: Intake;
    const configured = async (more: object = {}): Promise<Intake> => {
      const connectors = {
        prometheus: {
          url: prometheus.url,
          siteLabel: 'node',
          appLabel: 'workload',
          siteNames: { 'host-0': 's0', 'host-1': 's1' },
          sites: { cpu_cores: 'cpu', broken_share: 'broken', nothing_at_all: 'there_is_no_such_series' },
          apps: { kpi_p99_ms: 'latency_ms', load: 'count by (workload) (latency_ms)' },
          lookback: '10s',
          ...more,
        },
      };
      await fixture.store.applyConfig(sampleConfig({ connectors, telemetry: { step: '15s', window: '5m' } }), 'test', Date.now());
      intake?.close();
      intake = openIntake({ store: fixture.store, clock: () => Date.now(), environment: {} });
      return intake;
    };
    afterAll(() => intake?.close());

    const read = async (fromMinute: number, toMinute: number): Promise<FleetWindow> => {
      const telemetry = takingIn(fixture.store.telemetry, intake);
      const request = {
        apps: ['a0'],
        sites: ['s0', 's1'],
        fromMs: BASE + fromMinute * MINUTE,
        toMs: BASE + toMinute * MINUTE,
        stepMs: 15_000,
      };
      const window = await telemetry.windows(request);
      if ('kind' in window) throw new Error(window.why);
      return window;
    };
    const valuesOf = (window: FleetWindow, site: number, name: string): number[] => {
      const { ticks } = window.grid;
      const at = (site * window.sites.series.length + window.sites.series.indexOf(name)) * ticks;
      return [...window.sites.values.subarray(at, at + ticks)];
    };

    test('what it has arrives as it was measured; what fell silent is unknown once the look-back is over', async () => {
      await configured();
      const window = await read(4, 6);
      expect(valuesOf(window, 0, 'cpu_cores')).toEqual([4.25, 4.5, 4.75, 5, 5.25, 5.5, 5.75, 6]);
      expect(valuesOf(window, 1, 'cpu_cores')).toEqual([9, 9, 9, 9, NaN, NaN, NaN, NaN]);
      expect(window.sites.series).toEqual(['cpu_cores']);
      expect((await fixture.store.intake(SOURCE))?.problems).toEqual([]);
    });

    test('the next window goes on where the last ended, and an app that moves is unknown while it is seen twice', async () => {
      const window = await read(5, 8);
      const [app] = window.apps;
      const placed = [...(app?.placed ?? [])];
      expect(placed.slice(0, 3)).toEqual([0, 0, 0]);
      expect(placed.slice(-4)).toEqual([1, 1, 1, 1]);
      const p99 = [...(app?.values.subarray((app?.series.indexOf('kpi_p99_ms') ?? 0) * window.grid.ticks) ?? [])].slice(
        0,
        window.grid.ticks,
      );
      placed.forEach((site, i) => expect(p99[i]).toEqual(site === -1 ? NaN : site === 0 ? 80 : 20));
      expect(placed).toContain(-1);
      expect((await fixture.store.intake(SOURCE))?.untilMs).toBe(BASE + 8 * MINUTE);
    });

    test('a query that is wrong spoils nothing but its own series, and its reason can be read', async () => {
      await configured({ sites: { cpu_cores: 'cpu', mem_bytes: 'rate(cpu' } });
      const window = await read(8, 9);
      expect(valuesOf(window, 0, 'cpu_cores')).toEqual([8.25, 8.5, 8.75, 9]);
      expect((await fixture.store.intake(SOURCE))?.problems).toEqual([
        expect.stringMatching(/^sites\.mem_bytes: bad-query: bad_data: .*parse error/),
      ]);
    });

    test('while it does not answer nothing is known, and afterwards the same stretch is read', async () => {
      const away = await configured({ url: 'http://127.0.0.1:9' });
      await away.upTo({ fromMs: BASE + 9 * MINUTE, toMs: BASE + 10 * MINUTE, stepMs: 15_000 });
      const noted = await fixture.store.intake(SOURCE);
      expect(noted?.problems).toEqual([expect.stringMatching(/^unreachable: no connection \(ECONNREFUSED\)/)]);
      expect(noted?.untilMs).toBe(BASE + 9 * MINUTE);
      await configured();
      expect(valuesOf(await read(9, 10), 0, 'cpu_cores')).toEqual([9.25, 9.5, 9.75, 10]);
    });

    test('a server whose clock is wrong tells nothing', async () => {
      await configured();
      const ahead = openIntake({ store: fixture.store, clock: () => Date.now() + 600_000, environment: {} });
      await ahead.upTo({ fromMs: BASE + 10 * MINUTE, toMs: BASE + 20 * MINUTE, stepMs: 15_000 });
      ahead.close();
      expect((await fixture.store.intake(SOURCE))?.problems).toEqual([expect.stringMatching(/^clock-skew: its clock is -600 s ahead/)]);
    });

    test('a range beyond the 11,000 points of the server is asked in pieces', async () => {
      const ask = openAsk({ url: prometheus.url, timeoutMs: 30_000 });
      const range = { query: 'cpu', startMs: BASE - 15_000_000, endMs: BASE + 10 * MINUTE, stepMs: 1000, lookbackS: 0.5 };
      const found = await askRange(ask, range);
      ask.close();
      expect(found).toHaveLength(2);
      const host0 = Array.isArray(found) ? found.find((s) => s.labels['node'] === 'host-0') : undefined;
      expect(host0?.timesMs).toHaveLength(121);
    });
  },
);
