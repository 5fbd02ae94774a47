import { createHash } from 'node:crypto';

import { ApplicationFailure, cancellationSignal, heartbeat, log } from '@temporalio/activity';

import type { EvidenceRow, ModelVersion } from '../domain/records.ts';
import type { BacktestState } from '../learning/backtest.ts';
import type { Profile } from '../learning/profile.ts';
import type { TrainInput, TrainProgress, TrainResult } from '../learning/train.ts';
import { termsOf } from './challenges.ts';
import { decodeState, encodeState } from './checkpoint.ts';
import type { ComputeDeps } from './deps.ts';
import { configured } from './looks.ts';

export type Fitted =
  | {
      readonly kind: 'fitted';
      readonly version: number;
      readonly servedBy: 'model' | 'baseline';
      readonly said: string;
      /** What its promotion will wait for; absent: nothing. */
      readonly waits?: string;
    }
  | { readonly kind: 'too-little'; readonly why: string }
  | { readonly kind: 'busy'; readonly why: string };

/** A holder of the lock that is silent for so long is dead. */
const STALE_MS = 60_000;
const BEAT_MS = 2_000;

interface Ask {
  readonly app: string;
  readonly seed: number;
  readonly by: string;
  /** Who holds the lock on training: the same for every attempt. */
  readonly holder: string;
}

export const trainingActivities = (deps: ComputeDeps) => ({
  /**
   * Trains on the newest profile of an app, off the main thread, and registers the result as challenger. One training at a time; one whose worker
   * was killed goes on behind the last fold that it had finished.
   */
  async fitModel(ask: Ask): Promise<Fitted> {
    const held = await deps.store.holdTraining({ holder: ask.holder, nowMs: deps.clock(), staleMs: STALE_MS });
    if (held.holder !== ask.holder) return { kind: 'busy', why: `another training holds the lock: ${held.holder}` };
    let last: TrainProgress | undefined;
    const beat = setInterval(() => {
      heartbeat(last);
      // A beat that does not reach the store is made up for by the next.
      deps.store.holdTraining({ holder: ask.holder, nowMs: deps.clock(), staleMs: STALE_MS }).catch((error: unknown) => {
        log.warn('the lock on training could not be kept', { error });
      });
    }, BEAT_MS);
    try {
      return await fit(deps, ask, (progress) => heartbeat((last = progress)));
    } finally {
      clearInterval(beat);
      await deps.store.releaseTraining(ask.holder);
    }
  },
});

async function fit(deps: ComputeDeps, ask: Ask, onProgress: (progress: TrainProgress) => void): Promise<Fitted> {
  const { app, by, seed } = ask;
  const prepared = await prepare(deps, app, seed);
  if ('why' in prepared) return { kind: 'too-little', why: prepared.why };
  const checkpoint = checkpointOf(deps, app, prepared.input);
  const resume = await checkpoint.read();
  if (resume) log.info('training goes on from its checkpoint', { app, folds: resume.folds });
  let result: TrainResult;
  try {
    const { onState } = checkpoint;
    const input = { ...prepared.input, ...(resume && { resume }) };
    result = await deps.train(input, { signal: cancellationSignal(), onProgress, onState });
  } catch (error) {
    if (error instanceof Error && error.name === 'RangeError') return { kind: 'too-little', why: error.message };
    throw error;
  }
  await checkpoint.settled();
  const version = await register(deps, { app, by, profileId: prepared.profileId, result });
  await deps.store.dropCheckpoint(app);
  log.info('model trained', { app, version: version.version, servedBy: result.servedBy, learner: result.name });
  const { promotion, shadow } = termsOf((await configured(deps.store)).config, app);
  const waits = [...(shadow > 0 ? [`${shadow} looks in the shadow`] : []), ...(promotion === 'approve' ? ['approval'] : [])].join(', ');
  return {
    kind: 'fitted',
    version: version.version,
    servedBy: result.servedBy,
    said: result.report.why,
    ...(waits !== '' && { waits }),
  };
}

/** Checkpoints are written one after the other; one that cannot be written costs time at a restart and nothing else. */
function checkpointOf({ store, blobs, clock }: ComputeDeps, key: string, input: TrainInput) {
  const digest = createHash('sha256')
    .update(JSON.stringify([input.data, input.visits, input.objective, input.facts, input.horizonS, input.seed]))
    .digest('hex');
  let writing: Promise<void> = Promise.resolve();
  const write = async (state: BacktestState): Promise<void> => {
    try {
      await store.saveCheckpoint({ key, digest, sha256: await blobs.put(encodeState(state)), savedMs: clock() });
    } catch (error) {
      log.warn('a checkpoint could not be written', { key, error });
    }
  };
  return {
    async read(): Promise<BacktestState | undefined> {
      const sha256 = await store.checkpoint(key, digest);
      return sha256 !== undefined && (await blobs.has(sha256)) ? decodeState(await blobs.get(sha256)) : undefined;
    },
    onState: (state: BacktestState): void => void (writing = writing.then(() => write(state))),
    settled: (): Promise<void> => writing,
  };
}

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
    heldOutSha256: await blobs.put(new TextEncoder().encode(JSON.stringify(result.heldOut))),
  });
  // The same model again: what it has shown meanwhile stands.
  const isNew = version.createdMs === nowMs;
  if (isNew) await store.saveEvidence(result.evidence.map((e): EvidenceRow => ({ key: app, version: version.version, app, ...e })));
  await store.setAlias({ key: app, alias: 'challenger', version: version.version, by, why: result.report.why.slice(0, 1000), atMs: nowMs });
  return version;
}
