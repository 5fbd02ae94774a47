import { log } from '@temporalio/activity';

import type { Inference } from '../connectors/ports.ts';
import type { Store } from '../connectors/store/types.ts';
import type { Config, Objective, Policy } from '../domain/config.ts';
import type { AppBlock, FleetWindow } from '../domain/frame.ts';
import type { AppliedConfig, ModelVersion, PredictionRow } from '../domain/records.ts';
import { ruleScores, siteRule } from '../domain/rule.ts';
import { adapt } from '../learning/adaptive.ts';
import type { ModelContract } from '../learning/contract.ts';
import { contractMismatch, predictRows, ticksNeeded, toScores, type PackedRows } from '../learning/serve.ts';
import { beating } from './beating.ts';
import { ageS, completeShare, lastPlaced } from './coverage.ts';
import type { ComputeDeps } from './deps.ts';
import { appNames, configured } from './looks.ts';

/** One app of a shard with everything its predictions need. */
interface Subject {
  readonly app: string;
  readonly block: AppBlock;
  readonly index: number;
  readonly policy: Policy;
  readonly objective: Objective;
  /** Allowed sites, as names and as indices into the window. */
  readonly sites: readonly string[];
  readonly siteIndex: readonly number[];
  readonly champion?: ModelVersion;
  readonly q: Float32Array;
}

export const predictionActivities = (deps: ComputeDeps) => ({
  /** Reads one window for a stretch of the fleet, predicts every app on every site it may run on, and stores the rows in place of an earlier attempt's. */
  async predictShard(part: Shard): Promise<{ rows: number; unknown: number }> {
    return await beating(() => predict(deps, part));
  },
});

interface Shard {
  readonly lookMs: number;
  readonly offset: number;
  readonly count: number;
}

async function predict(deps: ComputeDeps, { lookMs, offset, count }: Shard): Promise<{ rows: number; unknown: number }> {
  const applied = await configured(deps.store);
  const apps = appNames(applied).slice(offset, offset + count);
  const champions = new Map((await deps.store.champions(lookMs)).map((m) => [m.key, m]));
  const window = await deps.store.telemetry.windows({
    apps,
    sites: Object.keys(applied.config.sites),
    ...spanOf(applied.config, champions, lookMs),
  });
  if ('kind' in window) {
    log.warn('no telemetry', { why: window.why });
    return { rows: 0, unknown: apps.length };
  }
  const subjects = window.apps.flatMap((block, index) => subjectOf(applied, champions, { window, block, index }));
  await infer(deps, applied.config, window, subjects);
  await adaptAll(deps.store, subjects);
  const shared = sharedOf(window, deps.clock());
  const rows = subjects.map((s) => rowOf(s, window, shared));
  await deps.store.writePredictions(lookMs, rows);
  return { rows: rows.length, unknown: apps.length - rows.length };
}

/** The window ends at the look's scheduled time and is as long as configured, or as the most demanding model needs. */
function spanOf(
  { telemetry }: Config,
  champions: ReadonlyMap<string, ModelVersion>,
  lookMs: number,
): { fromMs: number; toMs: number; stepMs: number } {
  const stepMs = Math.round(telemetry.step * 1000);
  const ticks = Math.max(
    Math.ceil((telemetry.window * 1000) / stepMs),
    ...[...champions.values()].map((m) => ticksNeeded((m.contract as ModelContract).plan)),
  );
  return { fromMs: lookMs - ticks * stepMs, toMs: lookMs, stepMs };
}

function subjectOf(
  applied: AppliedConfig,
  champions: ReadonlyMap<string, ModelVersion>,
  at: { window: FleetWindow; block: AppBlock; index: number },
): Subject[] {
  const { config } = applied;
  const spec = config.apps[at.block.app];
  const policy = spec && config.policies[spec.policy];
  const objective = spec && config.objectives[spec.objective];
  if (!spec || !policy || !objective) return [];
  const sites = spec.sites ?? at.window.sites.sites;
  const champion = champions.get(spec.model ?? at.block.app);
  const fits =
    champion &&
    contractMismatch(champion.contract as ModelContract, { objective, horizonS: policy.horizon, stepS: config.telemetry.step }) ===
      undefined;
  return [
    {
      app: at.block.app,
      block: at.block,
      index: at.index,
      policy,
      objective,
      sites,
      siteIndex: sites.map((s) => at.window.sites.sites.indexOf(s)),
      q: new Float32Array(sites.length * 3).fill(NaN),
      ...(fits && { champion }),
    },
  ];
}

/** One batch per model; its quantiles become scores in the rows of its apps. */
async function infer({ inference }: ComputeDeps, config: Config, window: FleetWindow, subjects: readonly Subject[]): Promise<void> {
  const facts = Object.fromEntries(Object.entries(config.sites).map(([site, spec]) => [site, spec.facts]));
  const groups = new Map<ModelVersion, Subject[]>();
  for (const subject of subjects) {
    if (!subject.champion) continue;
    const group = groups.get(subject.champion);
    if (group) group.push(subject);
    else groups.set(subject.champion, [subject]);
  }
  await Promise.all(
    [...groups].map(async ([model, served]) => {
      const contract = model.contract as ModelContract;
      const byIndex = new Map(served.map((s) => [s.index, s]));
      const packed = predictRows(contract.plan, {
        window,
        facts,
        apps: served.map((s) => s.index),
        sitesOf: (app) => byIndex.get(app)?.siteIndex ?? [],
      });
      const raw = await answerOf(inference, model, packed);
      const objective = served[0]?.objective;
      if (!objective || !raw) return;
      const scores = toScores(objective, contract, raw);
      for (let i = 0; i < packed.n; i++) {
        const subject = byIndex.get(packed.app[i] ?? -1);
        if (subject) subject.q.set(scores.subarray(i * 3, i * 3 + 3), subject.siteIndex.indexOf(packed.site[i] ?? -1) * 3);
      }
    }),
  );
}

/** What a model says; undefined when it cannot serve, so that the other apps of the fleet do not wait for it: its own are unknown. */
async function answerOf(inference: Inference, model: ModelVersion, { rows, n }: PackedRows): Promise<Float32Array | undefined> {
  try {
    return await inference.predict({ sha256: model.onnxSha256, contractDigest: model.contractDigest }, rows, n);
  } catch (error) {
    if (!(error instanceof Error) || !UNSERVABLE.has(error.name)) throw error;
    log.error('a model cannot serve', { key: model.key, version: model.version, why: error.message });
    return undefined;
  }
}

/** Names of errors by which a model is turned away for good. */
export const UNSERVABLE: ReadonlySet<string> = new Set(['ModelRefused', 'BlobMissing', 'BlobDamaged']);

/** Widens the intervals of those that outcomes have shown to be too narrow, and narrows the others. */
async function adaptAll(store: Store, subjects: readonly Subject[]): Promise<void> {
  const rows = await store.adaptations(subjects.flatMap((s) => (s.champion ? [s.app] : [])));
  const bySubject = new Map(subjects.map((s) => [s.app, s]));
  for (const row of rows) {
    const subject = bySubject.get(row.app);
    const site = subject?.sites.indexOf(row.site) ?? -1;
    if (subject && site >= 0 && subject.champion?.key === row.key && subject.champion.version === row.version)
      adapt(subject.q, 3 * site, row);
  }
}

interface Shared {
  readonly rule: ReturnType<typeof siteRule>;
  /** Per site of the window. */
  readonly ageS: Float32Array;
  readonly complete: Float32Array;
  readonly nowMs: number;
}

/** What all apps share: the medians of the rule, and how old and complete each site's telemetry is. */
function sharedOf({ grid, sites }: FleetWindow, nowMs: number): Shared {
  const width = sites.series.length * grid.ticks;
  return {
    nowMs,
    rule: siteRule(grid, sites),
    ageS: Float32Array.from(sites.sites, (_, i) => ageS(sites.newestMs[i] ?? -Infinity, nowMs)),
    complete: Float32Array.from(sites.sites, (_, i) => completeShare(sites.values.subarray(i * width, (i + 1) * width), grid.ticks)),
  };
}

function rowOf(s: Subject, window: FleetWindow, shared: Shared): PredictionRow {
  const present = lastPlaced(s.block);
  const rule = ruleScores(shared.rule, s.block, { objective: s.objective, present });
  const observed = present < 0 ? NaN : (rule.scores[present] ?? NaN);
  const pick = (values: Float32Array) => Float32Array.from(s.siteIndex, (i) => values[i] ?? NaN);
  const placed = window.sites.sites[present];
  return {
    app: s.app,
    sites: s.sites,
    q: s.q,
    rule: pick(rule.scores),
    ageS: pick(shared.ageS),
    complete: pick(shared.complete),
    appAgeS: ageS(s.block.newestMs, shared.nowMs),
    appComplete: completeShare(s.block.values, window.grid.ticks),
    predictor: s.champion?.servedBy ?? (s.policy.predictor === 'rule' ? 'rule' : 'none'),
    horizonMs: Math.round(1000 * s.policy.horizon),
    ...(s.champion && { modelKey: s.champion.key, modelVersion: s.champion.version }),
    ...(Number.isFinite(observed) && { observed }),
    ...(placed !== undefined && { placed }),
  };
}
