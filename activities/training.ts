import { ApplicationFailure, cancellationSignal, heartbeat, log } from '@temporalio/activity';

import type { EvidenceRow, ModelVersion } from '../domain/records.ts';
import type { ModelContract } from '../learning/contract.ts';
import { contractMismatch } from '../learning/serve.ts';
import type { Profile } from '../learning/profile.ts';
import type { TrainInput, TrainResult } from '../learning/train.ts';
import type { ComputeDeps } from './deps.ts';
import { configured } from './looks.ts';

export type Fitted =
  | { readonly kind: 'fitted'; readonly version: number; readonly servedBy: 'model' | 'baseline'; readonly said: string }
  | { readonly kind: 'too-little'; readonly why: string };

/** A challenger may be this much worse than the champion, as a share of the champion's error, before it is kept back. */
const WORSE_MAX = 0.02;

export const trainingActivities = (deps: ComputeDeps) => ({
  /** Trains on the newest profile of an app, off the main thread, and registers the result as challenger. */
  async fitModel({ app, seed, by }: { app: string; seed: number; by: string }): Promise<Fitted> {
    const prepared = await prepare(deps, app, seed);
    if ('why' in prepared) return { kind: 'too-little', why: prepared.why };
    let result: TrainResult;
    try {
      result = await deps.train(prepared.input, { signal: cancellationSignal(), onProgress: (progress) => heartbeat(progress) });
    } catch (error) {
      if (error instanceof Error && error.name === 'RangeError') return { kind: 'too-little', why: error.message };
      throw error;
    }
    const version = await register(deps, { app, by, profileId: prepared.profileId, result });
    log.info('model trained', { app, version: version.version, servedBy: result.servedBy, learner: result.name });
    return { kind: 'fitted', version: version.version, servedBy: result.servedBy, said: result.report.why };
  },

  /** May this version serve? It must load, answer in its contract's shape, and not be worse than the champion by its evidence. */
  async checkModel({ key, version }: { key: string; version: number }): Promise<{ ok: boolean; why: string }> {
    const model = await deps.store.model(key, version);
    if (!model) throw ApplicationFailure.nonRetryable(`there is no version ${version} of ${key}`, 'BadInput');
    const trial = await tryOut(deps, model);
    if (trial !== undefined) return { ok: false, why: trial };
    const champion = await deps.store.alias(key, 'champion');
    if (!champion || champion.version === version) return { ok: true, why: `first version of ${key}: nothing served before it` };
    const unfit = await misfit(deps, champion);
    if (unfit !== undefined) return { ok: true, why: `the champion cannot serve any more: ${unfit}` };
    return compare(await deps.store.evidence({ key, version }), champion, model);
  },
});

type Prepared = { readonly input: TrainInput; readonly profileId: string } | { readonly why: string };

async function prepare({ store, blobs, frames: codec }: ComputeDeps, app: string, seed: number): Promise<Prepared> {
  const { config } = await configured(store);
  const spec = config.apps[app];
  const objective = spec && config.objectives[spec.objective];
  const policy = spec && config.policies[spec.policy];
  if (!spec || !objective || !policy)
    throw ApplicationFailure.nonRetryable(`no app is called ${app} in the applied configuration`, 'BadInput');
  const row = await store.latestProfile(app);
  if (!row) return { why: `${app} has no profile yet` };
  const profile = row.profile as Profile;
  const frames = [];
  for (const sha256 of profile.frames) frames.push(await codec.decode(await blobs.get(sha256)));
  const facts = Object.fromEntries(Object.entries(config.sites).map(([site, s]) => [site, s.facts]));
  return {
    input: { app, frames, visits: profile.visits, objective, facts, horizonS: policy.horizon, seed, data: profile.frames },
    profileId: row.id,
  };
}

async function register(
  { store, blobs, clock }: ComputeDeps,
  made: { app: string; by: string; profileId: string; result: TrainResult },
): Promise<ModelVersion> {
  const { app, by, profileId, result } = made;
  const nowMs = clock();
  const version = await store.addModel({
    key: app,
    onnxSha256: await blobs.put(result.onnx),
    contract: result.contract,
    contractDigest: result.contractDigest,
    servedBy: result.servedBy,
    report: result.report,
    profileId,
    createdMs: nowMs,
  });
  await store.saveEvidence(
    result.evidence.map((e): EvidenceRow => ({
      key: app,
      version: version.version,
      app,
      site: e.site,
      samples: e.samples,
      newestMs: e.newestMs,
      error: e.error,
      coverage: e.coverage,
    })),
  );
  await store.setAlias({ key: app, alias: 'challenger', version: version.version, by, why: result.report.why.slice(0, 1000), atMs: nowMs });
  return version;
}

/** Why a champion does not fit the configuration in force: then its error is of another task, and nothing to compare with. */
async function misfit({ store }: ComputeDeps, champion: ModelVersion): Promise<string | undefined> {
  const { config } = await configured(store);
  const spec = config.apps[champion.key];
  const objective = spec && config.objectives[spec.objective];
  const policy = spec && config.policies[spec.policy];
  if (!objective || !policy) return undefined;
  return contractMismatch(champion.contract as ModelContract, { objective, horizonS: policy.horizon, stepS: config.telemetry.step });
}

/** Loads the model and asks it for one row, of a site it knows; returns what is wrong. */
async function tryOut({ inference }: ComputeDeps, model: ModelVersion): Promise<string | undefined> {
  const { plan } = model.contract as ModelContract;
  const known = plan.names.indexOf(`site_is_${plan.oneHotSites[0] ?? ''}`);
  const rows = Float32Array.from(plan.names, (_, i) => (i === known ? 1 : 0));
  try {
    const answer = await inference.predict({ sha256: model.onnxSha256, contractDigest: model.contractDigest }, rows, 1);
    return answer.length === 3 && answer.every(Number.isFinite) ? undefined : 'it does not answer with three finite quantiles';
  } catch (error) {
    if (error instanceof Error && error.name === 'ModelRefused') return error.message;
    throw error;
  }
}

function compare(evidence: readonly EvidenceRow[], champion: ModelVersion, challenger: ModelVersion): { ok: boolean; why: string } {
  const before = errorOf(evidence, champion);
  const now = errorOf(evidence, challenger);
  if (now === undefined) return { ok: false, why: 'the challenger has no held-out error, so it cannot be compared' };
  if (before === undefined) return { ok: true, why: `error ${now.toFixed(3)}; the champion has none on record` };
  const said = `error ${now.toFixed(3)} against the champion's ${before.toFixed(3)} (score points)`;
  return { ok: now <= before * (1 + WORSE_MAX), why: said };
}

/** Mean error over sites, weighted by samples; undefined without evidence. */
function errorOf(evidence: readonly EvidenceRow[], model: ModelVersion): number | undefined {
  const rows = evidence.filter((e) => e.key === model.key && e.version === model.version && Number.isFinite(e.error));
  const samples = rows.reduce((sum, e) => sum + e.samples, 0);
  return samples === 0 ? undefined : rows.reduce((sum, e) => sum + e.error * e.samples, 0) / samples;
}
