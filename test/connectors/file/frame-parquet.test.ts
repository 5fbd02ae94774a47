import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parquetReadObjects } from 'hyparquet';
import { decodeFrame, encodeFrame } from '../../../connectors/file/frame-parquet.ts';
import type { Frame } from '../../../domain/frame.ts';

const float = fc.oneof(fc.float({ noDefaultInfinity: true }), fc.constant(NaN));

const frames: fc.Arbitrary<Frame> = fc
  .record({
    ticks: fc.integer({ min: 0, max: 12 }),
    sites: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/), { maxLength: 3 }),
    siteSeries: fc.uniqueArray(fc.constantFrom('cpu_cores', 'probe_ratio', 'load1_1'), { maxLength: 3 }),
    appSeries: fc.uniqueArray(fc.constantFrom('load', 'kpi_latency_ms', 'app_cpu_cores'), { maxLength: 3 }),
    stepMs: fc.integer({ min: 1, max: 60_000 }),
    startMs: fc.integer({ min: 0, max: 2_000_000_000_000 }),
  })
  .chain(({ ticks, sites, siteSeries, appSeries, stepMs, startMs }) => {
    const values = (length: number): fc.Arbitrary<number[]> => fc.array(float, { minLength: length, maxLength: length });
    return fc
      .record({
        site: values(sites.length * siteSeries.length * ticks),
        app: values(appSeries.length * ticks),
        placed: fc.array(fc.integer({ min: -1, max: sites.length - 1 }), { minLength: ticks, maxLength: ticks }),
        newest: fc.array(fc.oneof(fc.integer({ min: 0 }), fc.constant(-Infinity)), {
          minLength: sites.length + 1,
          maxLength: sites.length + 1,
        }),
      })
      .map(({ site, app, placed, newest }): Frame => ({
        grid: { startMs, stepMs, ticks },
        sites: { sites, series: siteSeries, values: Float32Array.from(site), newestMs: Float64Array.from(newest.slice(1)) },
        app: { app: 'shop', series: appSeries, values: Float32Array.from(app), placed: Int16Array.from(placed), newestMs: newest[0]! },
      }));
  });

test('a frame comes back as it was written, unknown values included', async () => {
  await fc.assert(
    fc.asyncProperty(frames, async (frame) => {
      const back = await decodeFrame(encodeFrame(frame));
      // Without a site there is no row to carry the app's series: nothing ran anywhere.
      if (frame.sites.sites.length > 0) expect(back).toEqual(frame);
      else expect(back.grid).toEqual(frame.grid);
    }),
    { numRuns: 150 },
  );
});

test('a row is what any Parquet reader sees: time of the end of the tick, site, placed, and null for unknown', async () => {
  const frame: Frame = {
    grid: { startMs: 1000, stepMs: 500, ticks: 2 },
    sites: {
      sites: ['a', 'b'],
      series: ['cpu_cores'],
      values: Float32Array.from([0.5, NaN, 0.25, 1]),
      newestMs: Float64Array.from([1500, 2000]),
    },
    app: { app: 'shop', series: ['load'], values: Float32Array.from([20, NaN]), placed: Int16Array.from([1, -1]), newestMs: 1500 },
  };
  const rows = await parquetReadObjects({ file: encodeFrame(frame).slice().buffer });
  expect(rows).toEqual([
    { time: 1500n, site: 'a', placed: false, load: 20, site_cpu_cores: 0.5 },
    { time: 1500n, site: 'b', placed: true, load: 20, site_cpu_cores: 0.25 },
    { time: 2000n, site: 'a', placed: null, load: null, site_cpu_cores: null },
    { time: 2000n, site: 'b', placed: null, load: null, site_cpu_cores: 1 },
  ]);
});

test('bytes that are no frame are refused with the reason', async () => {
  await expect(decodeFrame(new TextEncoder().encode('PAR1 this is not Parquet'))).rejects.toThrow(/^frame: it is not Parquet/);
});
