import { appSchema, objectiveSchema, policySchema, siteSchema, type Policy } from '../../domain/config.ts';
import type { DecideInput } from '../../domain/decide-input.ts';
import type { ControllerRow, EvidenceRow, PredictionRow } from '../../domain/records.ts';

export const LOOK = 1_700_000_000_000;
export const NOW = LOOK + 200;

export const controller = (row: Partial<ControllerRow> = {}): ControllerRow => ({
  app: 'web',
  seq: 1,
  paused: false,
  excluded: [],
  quarantine: [],
  ...row,
});

/** Scores per site as [p10, p50, p90, rule]; the first site is where the app runs. */
export type Scores = Readonly<Record<string, readonly [number, number, number, number]>>;
export const BAD_TO_GOOD: Scores = { a: [0.2, 0.3, 0.5, 0.4], b: [0.7, 0.8, 0.9, 0.9] };

export function prediction(scores: Scores, row: Partial<PredictionRow> = {}): PredictionRow {
  const sites = Object.keys(scores);
  const all = Object.values(scores);
  return {
    app: 'web',
    modelKey: 'web',
    modelVersion: 3,
    predictor: 'model',
    sites,
    q: Float32Array.from(all.flatMap(([p10, p50, p90]) => [p10, p50, p90])),
    rule: Float32Array.from(all.map(([, , , rule]) => rule)),
    ageS: new Float32Array(sites.length).fill(0.5),
    appAgeS: 0.5,
    complete: new Float32Array(sites.length).fill(1),
    appComplete: 1,
    placed: sites[0] ?? 'a',
    horizonMs: 4000,
    ...row,
  };
}

export const evidence = (site: string, row: Partial<EvidenceRow> = {}): EvidenceRow => ({
  key: 'web',
  version: 3,
  app: 'web',
  site,
  samples: 100,
  newestMs: LOOK - 60_000,
  error: 0.1,
  coverage: 0.8,
  ...row,
});

export const policy = (raw: Record<string, unknown> = {}): Policy =>
  policySchema.parse({ mode: 'automatic', horizon: 4, freshness: 5, sustained: { looks: 1, of: 1 }, ...raw });

/** An automatic app on site `a` that would move to `b`: every gate passes, so a test changes the one thing it is about. */
export function decideCase(change: Partial<DecideInput> = {}, scores: Scores = BAD_TO_GOOD): DecideInput {
  const sites = Object.keys(scores);
  return {
    app: 'web',
    spec: appSchema.parse({ objective: 'snappy', policy: 'berth' }),
    policy: policy(),
    objective: objectiveSchema.parse({
      kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 8, worst: 80, scale: 'log' }],
      slo: 0.6,
    }),
    policyVersion: 7,
    sites: sites.map((site) => ({ site, spec: siteSchema.parse({}) })),
    lookMs: LOOK,
    nowMs: NOW,
    intervalS: 2,
    previousMs: LOOK - 2000,
    recordOnly: false,
    placement: { app: 'web', site: sites[0] ?? 'a' },
    refusals: [],
    prediction: prediction(scores),
    evidence: sites.map((site) => evidence(site)),
    past: [],
    ...change,
  };
}
