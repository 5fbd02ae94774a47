import { ApplicationFailure } from '@temporalio/activity';

import type { Config, Objective, Policy } from '../domain/config.ts';
import type { Frame } from '../domain/frame.ts';
import type { ModelVersion } from '../domain/records.ts';
import type { ModelContract } from '../learning/contract.ts';
import { buildDataset } from '../learning/dataset.ts';
import type { Dataset, Sources } from '../learning/dataset.ts';
import { rowKey, rowsByKey } from '../learning/held-out.ts';
import type { HeldOut } from '../learning/held-out.ts';
import type { Profile } from '../learning/profile.ts';
import { judgeChallenger } from '../learning/promotion.ts';
import { scoreTarget } from '../learning/report.ts';
import { contractMismatch, toScores } from '../learning/serve.ts';
import { beating } from './beating.ts';
import type { ComputeDeps } from './deps.ts';
import { heldOutOf } from './held-out.ts';
import { configured } from './looks.ts';
import { UNSERVABLE } from './predictions.ts';

/** How a version may become champion, by the strictest policy of the apps that it serves. */
export interface Terms {
  readonly promotion: Policy['promotion'];
  /** Looks in the shadow first. */
  readonly shadow: number;
  /** Seconds between looks. */
  readonly intervalS: number;
}
export interface Checked {
  readonly ok: boolean;
  readonly why: string;
  readonly terms: Terms;
}

/** Rows that a model is tried on before it serves. */
const TRIAL_ROWS = 200;

export const challengeActivities = (deps: ComputeDeps) => ({
  /** May this version serve? It must fit what is asked for, load and run within bounds, and beat champion and baseline on the same rows. */
  async checkModel({ key, version }: { key: string; version: number }): Promise<Checked> {
    return await beating(() => check(deps, key, version));
  },
});

async function check(deps: ComputeDeps, key: string, version: number): Promise<Checked> {
  const model = await deps.store.model(key, version);
  if (!model) throw ApplicationFailure.nonRetryable(`there is no version ${version} of ${key}`, 'BadInput');
  const { config } = await configured(deps.store);
  const served = servedBy(config, key);
  const terms = termsOf(config, key);
  const say = (ok: boolean, why: string): Checked => ({ ok, why, terms });
  if (!served) return say(false, `no app is called ${key} in the applied configuration, so nothing says what it should predict`);
  const unfit = contractMismatch(model.contract as ModelContract, served);
  if (unfit !== undefined) return say(false, unfit);
  const sources = await sourcesOf(deps, model, { objective: served.objective, config });
  const tried = await tryOut(deps, model, sources);
  const refusal = typeof tried === 'string' ? tried : unsound(tried);
  if (refusal !== undefined) return say(false, refusal);
  const champion = await deps.store.alias(key, 'champion');
  if (champion?.version === version) return say(true, 'it already serves');
  const down = await turnedDown(deps, key, version);
  if (down !== undefined) return say(false, down);
  const challenger = await heldOutOf(deps.blobs, model);
  const outdated = champion && (contractMismatch(champion.contract as ModelContract, served) ?? (await broken(deps, champion, sources)));
  const judge = (scores?: Float64Array) =>
    judgeChallenger({ challenger, servedBy: model.servedBy, seed: version, ...(scores && { champion: scores }) });
  if (!champion || outdated !== undefined) {
    const { ok, why } = judge();
    return say(ok, outdated === undefined ? why : `${why}; the champion cannot serve any more: ${outdated}`);
  }
  const { ok, why } = judge(await championScores(deps, champion, { challenger, sources }));
  return say(ok, why);
}

/** What the app of a key asks of a model. */
function servedBy(config: Config, key: string): { objective: Objective; horizonS: number; stepS: number } | undefined {
  const spec = config.apps[key];
  const objective = spec && config.objectives[spec.objective];
  const policy = spec && config.policies[spec.policy];
  return objective && policy && { objective, horizonS: policy.horizon, stepS: config.telemetry.step };
}

export function termsOf(config: Config, key: string): Terms {
  const policies = Object.entries(config.apps)
    .filter(([app, spec]) => (spec.model ?? app) === key)
    .flatMap(([, spec]) => config.policies[spec.policy] ?? []);
  return {
    promotion: policies.some((p) => p.promotion === 'approve') ? 'approve' : 'auto',
    shadow: Math.max(0, ...policies.map((p) => p.shadow)),
    intervalS: config.schedules.look.every ?? 60,
  };
}

/** The frames a version learned from, one by one, with their visits. */
interface Learned extends Omit<Sources, 'frames'> {
  readonly frames: readonly { readonly sha256: string; readonly frame: Frame }[];
}

async function sourcesOf(
  { store, blobs, frames: codec }: ComputeDeps,
  model: ModelVersion,
  { objective, config }: { objective: Objective; config: Config },
): Promise<Learned> {
  const profile = (await store.profile(model.profileId))?.profile as Profile | undefined;
  const frames: { sha256: string; frame: Frame }[] = [];
  for (const sha256 of profile?.frames ?? [])
    if (await blobs.has(sha256)) frames.push({ sha256, frame: await codec.decode(await blobs.get(sha256)) });
  const facts = Object.fromEntries(Object.entries(config.sites).map(([site, s]) => [site, s.facts]));
  return { frames, visits: profile?.visits ?? [], objective, facts, settleS: 0 };
}

/** Tries the model on rows of the profile, or on one of a site that it knows. Returns its answer, or what is wrong with it. */
async function tryOut({ blobs, tryModel }: ComputeDeps, model: ModelVersion, sources: Learned): Promise<Float32Array | string> {
  const { plan } = model.contract as ModelContract;
  const known = plan.names.indexOf(`site_is_${plan.oneHotSites[0] ?? ''}`);
  const some = sources.frames.map(({ frame }) => buildDataset(plan, { ...sources, frames: [frame] })).find((data) => data.n > 0);
  const rows = some?.rows.slice(0, TRIAL_ROWS * plan.names.length) ?? Float32Array.from(plan.names, (_, i) => (i === known ? 1 : 0));
  try {
    return await tryModel({ bytes: await blobs.get(model.onnxSha256), rows, contractDigest: model.contractDigest });
  } catch (error) {
    if (error instanceof Error && UNSERVABLE.has(error.name)) return error.message;
    throw error;
  }
}

function unsound(answer: Float32Array): string | undefined {
  for (let i = 0; i < answer.length; i += 3)
    if (!(answer[i]! <= answer[i + 1]! && answer[i + 1]! <= answer[i + 2]!))
      return `a row of its profile is answered with ${answer.subarray(i, i + 3).join(', ')}, not with three ascending quantiles`;
  return undefined;
}

async function broken(deps: ComputeDeps, champion: ModelVersion, sources: Learned): Promise<string | undefined> {
  const tried = await tryOut(deps, champion, sources);
  return typeof tried === 'string' ? tried : undefined;
}

/** A version that somebody turned down or rolled back does not come back by itself. */
async function turnedDown({ store }: ComputeDeps, key: string, version: number): Promise<string | undefined> {
  const last = (await store.aliasHistory(key)).find((c) => c.version === version && (c.alias === 'champion' || c.alias === 'rejected'));
  return last?.alias === 'rejected' ? `it was turned down by ${last.by}: ${last.why}` : undefined;
}

/**
 * What the champion says of each of the challenger's rows: of a frame that it has not learned from, its answer; of one that it has, what it said
 * when that visit was held out from it. NaN where there is neither.
 */
async function championScores(
  deps: ComputeDeps,
  champion: ModelVersion,
  { challenger, sources }: { challenger: HeldOut; sources: Learned },
): Promise<Float64Array> {
  const contract = champion.contract as ModelContract;
  const own = await heldOutOf(deps.blobs, champion);
  const ownRow = rowsByKey(own);
  const newestMs = own.timeMs.reduce((newest, t) => Math.max(newest, t), -Infinity);
  const wanted = rowsByKey(challenger);
  const scores = new Float64Array(challenger.timeMs.length).fill(NaN);
  for (const [key, row] of wanted) scores[row] = own.predicted[ownRow.get(key) ?? -1] ?? NaN;
  for (const { sha256, frame } of sources.frames) {
    if (contract.data.includes(sha256)) continue;
    const data = buildDataset(contract.plan, { ...sources, frames: [frame] });
    const answers = await answersOf(deps, champion, { data, objective: sources.objective });
    for (let i = 0; i < data.n; i++) {
      const actual = scoreTarget(sources.objective, data.target[i]!);
      const row = wanted.get(rowKey({ timeMs: data.timeMs[i]!, site: data.site[i]!, actual }));
      // A new frame may reach back to where it learned.
      if (row !== undefined && data.timeMs[i]! > newestMs) scores[row] = answers[3 * i + 1]!;
    }
  }
  return scores;
}

async function answersOf(
  { inference }: ComputeDeps,
  model: ModelVersion,
  { data, objective }: { data: Dataset; objective: Objective },
): Promise<Float32Array> {
  try {
    const raw = await inference.predict({ sha256: model.onnxSha256, contractDigest: model.contractDigest }, data.rows, data.n);
    return toScores(objective, model.contract as ModelContract, raw);
  } catch (error) {
    // A champion whose file is damaged cannot be asked; what it once said of the rows still stands.
    if (error instanceof Error && UNSERVABLE.has(error.name)) return new Float32Array(3 * data.n).fill(NaN);
    throw error;
  }
}
