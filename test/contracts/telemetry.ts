import { describe, expect, test } from 'vitest';
import type { FleetWindow } from '../../domain/frame.ts';
import type { Scrape } from '../../domain/records.ts';
import type { NoData, Telemetry } from '../../connectors/ports.ts';

/** An implementation that knows the apps a0, a1, a2 and the sites s0, s1, and the time in which it may be given samples. */
export interface TelemetryUnderTest {
  readonly telemetry: Telemetry;
  readonly append: (scrape: Scrape) => Promise<void>;
  /** Epoch ms; the suite uses the hour after it. */
  readonly startMs: number;
}

const NAN = expect.toSatisfy((value) => Number.isNaN(value));

function whole(window: FleetWindow | NoData): FleetWindow {
  if ('kind' in window) throw new Error(`expected a window, got: ${window.why}`);
  return window;
}

function seriesOf(block: { series: readonly string[]; values: Float32Array }, name: string, ticks: number, row = 0): number[] {
  const s = block.series.indexOf(name);
  if (s < 0) return [];
  const at = (row * block.series.length + s) * ticks;
  return [...block.values.subarray(at, at + ticks)];
}

export function telemetryContract(name: string, subject: () => TelemetryUnderTest): void {
  describe(`telemetry of ${name}`, () => {
    const at = (minute: number, ms = 0) => subject().startMs + minute * 60_000 + ms;
    const read = (request: { minute: number; ticks: number; apps?: string[]; sites?: string[] }) =>
      subject().telemetry.windows({
        apps: request.apps ?? ['a0', 'a1', 'a2'],
        sites: request.sites ?? ['s0', 's1'],
        fromMs: at(request.minute),
        toMs: at(request.minute, request.ticks * 1000),
        stepMs: 1000,
      });

    test('a tick takes what is after its start and up to its end', async () => {
      for (const ms of [0, 1, 1000, 1001, 3000, 3001]) {
        await subject().append({ atMs: at(0, ms), sites: [], apps: [{ app: 'a0', placed: 's1', values: { load: ms + 0.5 } }] });
      }
      const { grid, apps } = whole(await read({ minute: 0, ticks: 3, apps: ['a0'] }));
      expect(grid).toEqual({ startMs: at(0), stepMs: 1000, ticks: 3 });
      expect(seriesOf(apps[0]!, 'load', 3)).toEqual([1000.5, 1001.5, 3000.5]);
      expect(apps[0]!.newestMs).toBe(at(0, 3000));
      expect([...apps[0]!.placed]).toEqual([1, 1, 1]);
    });

    test('the newest sample of a tick counts as a whole, whatever the order of arrival', async () => {
      await subject().append({ atMs: at(1, 900), sites: [], apps: [{ app: 'a0', placed: 's1', values: { load: 7 } }] });
      await subject().append({ atMs: at(1, 300), sites: [], apps: [{ app: 'a0', placed: 's0', values: { load: 5, kpi_p99_ms: 12 } }] });
      const { apps } = whole(await read({ minute: 1, ticks: 1, apps: ['a0'] }));
      expect(apps[0]!.series).toEqual(['load']);
      expect([...apps[0]!.values]).toEqual([7]);
      expect([...apps[0]!.placed]).toEqual([1]);
    });

    test('gaps stay unknown, for values and for the placement', async () => {
      await subject().append({
        atMs: at(2, 500),
        sites: [{ site: 's1', values: { cpu_cores: 0.25 } }],
        apps: [{ app: 'a0', values: { load: 1 } }],
      });
      await subject().append({ atMs: at(2, 2500), sites: [], apps: [{ app: 'a0', placed: 's0', values: {} }] });
      const { sites, apps } = whole(await read({ minute: 2, ticks: 3, apps: ['a0'] }));
      expect(seriesOf(apps[0]!, 'load', 3)).toEqual([1, NAN, NAN]);
      expect([...apps[0]!.placed]).toEqual([-1, -1, 0]);
      expect(seriesOf(sites, 'cpu_cores', 3, 0)).toEqual([NAN, NAN, NAN]);
      expect(seriesOf(sites, 'cpu_cores', 3, 1)).toEqual([0.25, NAN, NAN]);
      expect([...sites.newestMs]).toEqual([-Infinity, at(2, 500)]);
    });

    test('absurd values come back as they were measured', async () => {
      await subject().append({ atMs: at(3, 500), sites: [], apps: [{ app: 'a0', placed: 's0', values: { load: -5, kpi_p99_ms: 1e30 } }] });
      const { apps } = whole(await read({ minute: 3, ticks: 1, apps: ['a0'] }));
      expect(seriesOf(apps[0]!, 'load', 1)).toEqual([-5]);
      expect(seriesOf(apps[0]!, 'kpi_p99_ms', 1)).toEqual([Math.fround(1e30)]);
    });

    test('apps without a sample are left out, the others keep the order of the request', async () => {
      await subject().append({
        atMs: at(4, 500),
        sites: [],
        apps: [
          { app: 'a0', placed: 's0', values: { load: 1 } },
          { app: 'a2', placed: 's1', values: { load: 3 } },
        ],
      });
      const { apps } = whole(await read({ minute: 4, ticks: 1, apps: ['a2', 'a1', 'a0', 'nobody'] }));
      expect(apps.map((a) => a.app)).toEqual(['a2', 'a0']);
    });

    test('a placement on a site outside the request is unknown', async () => {
      await subject().append({ atMs: at(5, 500), sites: [], apps: [{ app: 'a0', placed: 's1', values: { load: 1 } }] });
      const { apps } = whole(await read({ minute: 5, ticks: 1, sites: ['s0'] }));
      expect([...apps[0]!.placed]).toEqual([-1]);
    });

    test('nothing at all is no data with a reason, for the fleet and for one app', async () => {
      expect(await read({ minute: 40, ticks: 5 })).toMatchObject({ kind: 'no-data', why: expect.stringMatching(/no sample/) });
      const one = await subject().telemetry.window({ app: 'a1', sites: ['s0'], fromMs: at(40), toMs: at(41), stepMs: 1000 });
      expect(one).toMatchObject({ kind: 'no-data', why: expect.stringMatching(/a1/) });
    });

    test('one app reads as it does within the fleet', async () => {
      await subject().append({
        atMs: at(6, 500),
        sites: [{ site: 's0', values: { cpu_cores: 1 } }],
        apps: [{ app: 'a1', placed: 's0', values: { load: 4 } }],
      });
      const fleet = whole(await read({ minute: 6, ticks: 2 }));
      const frame = await subject().telemetry.window({ app: 'a1', sites: ['s0', 's1'], fromMs: at(6), toMs: at(6, 2000), stepMs: 1000 });
      expect(frame).toEqual({ grid: fleet.grid, sites: fleet.sites, app: fleet.apps[0] });
    });

    test('a window without a whole tick is refused', async () => {
      await expect(subject().telemetry.windows({ apps: [], sites: [], fromMs: at(1), toMs: at(1), stepMs: 1000 })).rejects.toThrow(/ticks/);
      await expect(subject().telemetry.windows({ apps: [], sites: [], fromMs: at(1), toMs: at(2), stepMs: 0 })).rejects.toThrow(/stepMs/);
    });
  });
}
