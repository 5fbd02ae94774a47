import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FleetWindow, Frame } from '../../domain/frame.ts';
import type { FeaturePlan } from '../../learning/contract.ts';
import { featureNames, fillFeatures } from '../../learning/features.ts';
import { fitLevels, planBaseline, planFeatures } from '../../learning/plan.ts';
import { predictRows } from '../../learning/serve.ts';

function planOf(fields: Partial<FeaturePlan>): FeaturePlan {
  const bare = {
    stepMs: 1000,
    horizonTicks: 2,
    siteSeries: ['cpu_cores'],
    appSeries: ['load', 'app_cpu_cores'],
    facts: ['cores'],
    lags: [0, 1],
    otherLags: [0],
    windows: [2],
    bridge: 1,
    levels: { cpu_cores: 0.5, others_cpu_cores: 0.5 },
    history: 3,
    oneHotSites: ['a'],
    ...fields,
  };
  return { ...bare, names: featureNames(bare) };
}

/** Two sites over four ticks; the app is on b, where it uses 0.2 of what is measured. */
function frameOf(cpu: { a: number[]; b: number[] }, app: { load: number[]; cpu: number[]; placed: number[] }): Frame {
  const ticks = cpu.a.length;
  return {
    grid: { startMs: 0, stepMs: 1000, ticks },
    sites: {
      sites: ['a', 'b'],
      series: ['cpu_cores'],
      values: Float32Array.from([...cpu.a, ...cpu.b]),
      newestMs: Float64Array.from([0, 0]),
    },
    app: {
      app: 'shop',
      series: ['load', 'app_cpu_cores'],
      values: Float32Array.from([...app.load, ...app.cpu]),
      placed: Int16Array.from(app.placed),
      newestMs: 0,
    },
  };
}

function rowOf(plan: FeaturePlan, frame: Frame, site: number, tick: number, facts = {}): Record<string, number> | undefined {
  const out = new Float32Array(plan.names.length + 2).fill(99);
  if (!fillFeatures(plan, { ...frame, facts }, site, tick, out, 1)) return undefined;
  expect([out[0], out[out.length - 1]]).toEqual([99, 99]);
  return Object.fromEntries(plan.names.map((name, f) => [name, Number(out[f + 1]!.toFixed(6))]));
}

const shop = { load: [10, 20, 20, 30], cpu: [0.2, 0.2, 0.2, 0.2], placed: [1, 1, 1, 1] };
const busy = { a: [0.9, 0.1, 0.6, 0.1], b: [0.4, 0.5, 0.3, 0.8] };

describe('a row', () => {
  test('of the site the app is on has the app taken out of the CPU', () => {
    expect(rowOf(planOf({}), frameOf(busy, shop), 1, 3, { b: { cores: 4 } })).toEqual({
      'cpu_cores@0': 0.6,
      'cpu_cores@1': 0.1,
      cpu_cores_mean2: 0.35,
      cpu_cores_max2: 0.6,
      cpu_cores_since_high_s: 0,
      cpu_cores_since_low_s: 1,
      'others_cpu_cores@0': 0.1,
      others_cpu_cores_since_high_s: 1,
      others_cpu_cores_since_low_s: 0,
      fact_cores: 4,
      site_is_a: 0,
      load: 30,
      load_mean: 23.333334,
      work_per_request: 0.008571,
    });
  });

  test('of another site sees the app neither there nor where it is', () => {
    expect(rowOf(planOf({}), frameOf(busy, shop), 0, 3)).toEqual({
      'cpu_cores@0': 0.1,
      'cpu_cores@1': 0.6,
      cpu_cores_mean2: 0.35,
      cpu_cores_max2: 0.6,
      cpu_cores_since_high_s: 1,
      cpu_cores_since_low_s: 0,
      'others_cpu_cores@0': 0.6,
      others_cpu_cores_since_high_s: 0,
      others_cpu_cores_since_low_s: 1,
      fact_cores: NaN,
      site_is_a: 1,
      load: 30,
      load_mean: 23.333334,
      work_per_request: 0.008571,
    });
  });

  test('bridges one unknown tick and no more', () => {
    const once = rowOf(planOf({}), frameOf({ a: [0.9, 0.1, 0.6, NaN], b: busy.b }, shop), 0, 3);
    expect(once?.['cpu_cores@0']).toBe(0.6);
    expect(rowOf(planOf({}), frameOf({ a: [0.9, 0.1, NaN, NaN], b: busy.b }, shop), 0, 3)).toBeUndefined();
  });

  test('is unknown where the app is, if what the app uses is unknown', () => {
    const frame = frameOf(busy, { ...shop, cpu: [0.2, NaN, NaN, NaN] });
    expect(rowOf(planOf({}), frame, 1, 3)).toBeUndefined();
    expect(rowOf(planOf({}), frame, 0, 3)?.['cpu_cores@0']).toBe(0.1);
  });

  test('is unknown everywhere while nobody knows where the app is', () => {
    const frame = frameOf(busy, { ...shop, placed: [1, -1, -1, -1] });
    expect([rowOf(planOf({}), frame, 0, 3), rowOf(planOf({}), frame, 1, 3)]).toEqual([undefined, undefined]);
  });

  test('of a baseline says which site it is, and nothing else', () => {
    expect(rowOf(planBaseline(planOf({})), frameOf(busy, shop), 0, 3)).toEqual({ site_is_a: 1 });
  });
});

const value = fc.oneof({ weight: 5, arbitrary: fc.float({ min: 0, max: 2, noNaN: true }) }, { weight: 1, arbitrary: fc.constant(NaN) });
const TICKS = 12;
const SITES = 3;

const random: fc.Arbitrary<Frame> = fc
  .record({
    sites: fc.array(value, { minLength: SITES * 2 * TICKS, maxLength: SITES * 2 * TICKS }),
    app: fc.array(value, { minLength: 3 * TICKS, maxLength: 3 * TICKS }),
    placed: fc.array(fc.integer({ min: -1, max: SITES - 1 }), { minLength: TICKS, maxLength: TICKS }),
  })
  .map(({ sites, app, placed }) => ({
    grid: { startMs: 0, stepMs: 1000, ticks: TICKS },
    sites: {
      sites: ['a', 'b', 'c'],
      series: ['cpu_cores', 'probe_ratio'],
      values: Float32Array.from(sites),
      newestMs: new Float64Array(SITES),
    },
    app: {
      app: 'shop',
      series: ['load', 'app_cpu_cores', 'kpi_latency_ms'],
      values: Float32Array.from(app),
      placed: Int16Array.from(placed),
      newestMs: 0,
    },
  }));

const wide = planOf({
  siteSeries: ['cpu_cores', 'probe_ratio'],
  lags: [0, 1, 3],
  otherLags: [0, 2],
  windows: [2, 4],
  history: 4,
  levels: { cpu_cores: 1, probe_ratio: 1, others_cpu_cores: 1 },
});

function allRows(plan: FeaturePlan, frame: Frame, tick: number): (number[] | undefined)[] {
  return frame.sites.sites.map((_, s) => {
    const out = new Float32Array(plan.names.length);
    return fillFeatures(plan, { ...frame, facts: {} }, s, tick, out, 0) ? [...out] : undefined;
  });
}

describe('laws', () => {
  test('what happens later changes no row', () => {
    fc.assert(
      fc.property(random, random, fc.integer({ min: 0, max: TICKS - 2 }), (frame, other, tick) => {
        const mixed = (own: Float32Array, later: Float32Array): Float32Array => own.map((v, i) => (i % TICKS <= tick ? v : later[i]!));
        const changed: Frame = {
          ...frame,
          sites: { ...frame.sites, values: mixed(frame.sites.values, other.sites.values) },
          app: {
            ...frame.app,
            values: mixed(frame.app.values, other.app.values),
            placed: frame.app.placed.map((p, t) => (t <= tick ? p : other.app.placed[t]!)),
          },
        };
        expect(allRows(wide, changed, tick)).toEqual(allRows(wide, frame, tick));
      }),
    );
  });

  test("the app's own quality changes no row", () => {
    fc.assert(
      fc.property(random, fc.float(), (frame, kpi) => {
        const values = frame.app.values.map((v, i) => (i < 2 * TICKS ? v : kpi));
        expect(allRows(wide, { ...frame, app: { ...frame.app, values } }, TICKS - 1)).toEqual(allRows(wide, frame, TICKS - 1));
      }),
    );
  });

  test('where the app is leaves no trace beyond its own use', () => {
    fc.assert(
      fc.property(random, fc.integer({ min: 0, max: SITES - 1 }), fc.integer({ min: 0, max: SITES - 1 }), (frame, here, there) => {
        const at = (site: number): Frame => {
          const values = frame.sites.values.slice();
          for (let t = 0; t < TICKS; t++) values[2 * site * TICKS + t]! += 0.5;
          const app = frame.app.values.map((v, i) => (i >= TICKS && i < 2 * TICKS ? 0.5 : v));
          return {
            ...frame,
            sites: { ...frame.sites, values },
            app: { ...frame.app, values: app, placed: new Int16Array(TICKS).fill(site) },
          };
        };
        const [a, b] = [allRows(wide, at(here), TICKS - 1), allRows(wide, at(there), TICKS - 1)];
        a.forEach((row, s) => {
          expect(row === undefined).toBe(b[s] === undefined);
          row?.forEach((v, f) => {
            // Adding and taking out rounds; a value on its level may fall on either side of it.
            if (!wide.names[f]!.includes('since'))
              expect(v).toSatisfy((x: number) => Object.is(x, b[s]![f]!) || Math.abs(x - b[s]![f]!) < 1e-5);
          });
        });
      }),
    );
  });

  test('rows packed for the fleet are the rows learned from', () => {
    fc.assert(
      fc.property(fc.array(random, { minLength: 1, maxLength: 4 }), (frames) => {
        const [first] = frames;
        const window: FleetWindow = { grid: first!.grid, sites: first!.sites, apps: frames.map((f) => f.app) };
        const { rows, n, app, site } = predictRows(wide, { window, facts: {}, apps: frames.map((_, i) => i) });
        const width = wide.names.length;
        const packed = new Map(
          Array.from({ length: n }, (_, i) => [`${app[i]!} ${site[i]!}`, [...rows.subarray(i * width, (i + 1) * width)]]),
        );
        frames.forEach((f, a) =>
          allRows(wide, { ...f, sites: first!.sites }, TICKS - 1).forEach((row, s) => expect(packed.get(`${a} ${s}`)).toEqual(row)),
        );
      }),
    );
  });
});

describe('a plan', () => {
  test("has neither the KPI, nor delays of the app's process, nor series that are hardly known", () => {
    const frame = frameOf(busy, shop);
    const values = [...frame.app.values, 1, 2, 3, 4, 5, 6, 7, 8];
    const full: Frame = {
      ...frame,
      sites: {
        ...frame.sites,
        series: ['cpu_cores', 'pressure_share'],
        values: Float32Array.from([...busy.a, NaN, NaN, NaN, NaN, ...busy.b, NaN, NaN, NaN, 1]),
      },
      app: { ...frame.app, series: ['load', 'app_cpu_cores', 'kpi_latency_ms', 'app_delay_share'], values: Float32Array.from(values) },
    };
    const plan = planFeatures({ frames: [full], facts: { a: { cores: 2 } }, horizonS: 2, sites: ['a', 'b'] });
    expect(plan).toMatchObject({
      siteSeries: ['cpu_cores'],
      appSeries: ['app_cpu_cores', 'load'],
      facts: ['cores'],
      horizonTicks: 2,
      oneHotSites: ['a', 'b'],
    });
  });

  test('leaves out a series that is the same on every site: it would carry the trouble of one to all', () => {
    const frame = frameOf(busy, shop);
    const values = Float32Array.from([...busy.a, 1, 2, NaN, 4, ...busy.b, 1, 2, 3, 4]);
    const full: Frame = { ...frame, sites: { ...frame.sites, series: ['cpu_cores', 'pressure_ratio'], values } };
    expect(planFeatures({ frames: [full], facts: {}, horizonS: 2, sites: ['a', 'b'] }).siteSeries).toEqual(['cpu_cores']);
  });

  test('takes its lags from horizon and step, but never most of a short profile', () => {
    const long = frameOf(
      { a: new Array<number>(200).fill(1), b: new Array<number>(200).fill(1) },
      { load: new Array<number>(200).fill(1), cpu: new Array<number>(200).fill(0), placed: new Array<number>(200).fill(0) },
    );
    const lags = (horizonS: number, frame: Frame): readonly number[] =>
      planFeatures({ frames: [frame], facts: {}, horizonS, sites: ['a'] }).lags;
    expect(lags(4, long)).toEqual([0, 1, 2, 4, 6, 8, 12, 16]);
    expect(lags(30, long)).toEqual([0, 1, 2, 4, 6, 8, 12, 16, 24, 32]);
    expect(lags(30, frameOf(busy, shop))).toEqual([0, 1]);
  });

  test('has its levels half-way between quiet and busy, from the ticks it may see', () => {
    const frame = frameOf(
      { a: [0, 0, 0.8, 0.8, 9], b: [0.2, 0.2, 0.2, 0.2, 9] },
      { load: [1, 1, 1, 1, 1], cpu: [0.2, 0.2, 0.2, 0.2, 0.2], placed: [1, 1, 1, 1, 1] },
    );
    const plan = fitLevels(planOf({}), { frames: [frame], include: (_, tick) => tick < 4 });
    // Foreign CPU of a is 0 0 .8 .8, of b 0 0 0 0: of eight values p20 is 0 and p80 is 0.8.
    expect(plan.levels['cpu_cores']).toBeCloseTo(0.4, 6);
  });

  test('refuses frames of different steps', () => {
    const frame = frameOf(busy, shop);
    const other = { ...frame, grid: { ...frame.grid, stepMs: 500 } };
    expect(() => planFeatures({ frames: [frame, other], facts: {}, horizonS: 2, sites: [] })).toThrow(
      'frames: they differ in step: 1000 ms, 500 ms',
    );
  });
});
