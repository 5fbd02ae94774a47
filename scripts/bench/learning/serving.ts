import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { InferenceSession, Tensor } from 'onnxruntime-node';

import { folderBlobs } from '../../../connectors/blobs/folder.ts';
import { openInference } from '../../../connectors/onnx/inference.ts';
import type { ModelContract } from '../../../learning/contract.ts';
import { fitBoosting } from '../../../learning/learners/boosting.ts';
import { finish } from '../../../learning/learners/fitted.ts';
import { INPUT } from '../../../learning/onnx/graph.ts';
import { contractMetadata, digestContract } from '../../../learning/onnx/metadata.ts';
import { quantile } from '../histories.ts';
import type { LearningOptions } from './options.ts';
import { syntheticTable } from './synthetic.ts';

interface Times {
  readonly bareS: number;
  readonly oursS: number;
  /** Median of ours / bare, pair by pair. */
  readonly ratio: number;
}

export interface ServingFigures {
  readonly rows: number;
  readonly width: number;
  readonly trees: number;
  readonly bytes: number;
  readonly batch: Times;
  readonly oneRow: { readonly bareP50Ms: number; readonly bareP99Ms: number; readonly oursP50Ms: number; readonly oursP99Ms: number };
}

const BATCHES = 9;
const SINGLES = 2000;

/** Rows through a model by way of the inference that looks use, and by onnxruntime alone, in turn, each with one thread. */
export async function measureServing(options: LearningOptions, { dir }: { dir: string }): Promise<ServingFigures> {
  const { contract, bytes } = makeModel(options);
  const folder = join(dir, 'serving');
  const blobs = folderBlobs(folder);
  const inference = openInference({ blobs, threads: 1, cacheBytes: 512_000_000 });
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
  try {
    const model = { sha256: await blobs.put(bytes), contractDigest: digestContract(contract) };
    const { rows } = syntheticTable({ n: options.served, width: options.width, seed: 2 });
    const bare = async (n: number): Promise<unknown> =>
      await session.run({ [INPUT]: new Tensor('float32', rows.subarray(0, n * options.width), [n, options.width]) });
    const ours = async (n: number): Promise<unknown> => await inference.predict(model, rows.subarray(0, n * options.width), n);
    const batch = await inTurn(
      options.quick ? 2 : BATCHES,
      () => bare(options.served),
      () => ours(options.served),
    );
    const one = await inTurn(
      options.quick ? 20 : SINGLES,
      () => bare(1),
      () => ours(1),
    );
    const ms = (times: readonly number[], share: number): number => 1000 * quantile(times, share);
    return {
      rows: options.served,
      width: options.width,
      trees: options.trees,
      bytes: bytes.length,
      batch: {
        bareS: quantile(batch.bare, 0.5),
        oursS: quantile(batch.ours, 0.5),
        ratio: quantile(
          batch.ours.map((s, i) => s / batch.bare[i]!),
          0.5,
        ),
      },
      oneRow: { bareP50Ms: ms(one.bare, 0.5), bareP99Ms: ms(one.bare, 0.99), oursP50Ms: ms(one.ours, 0.5), oursP99Ms: ms(one.ours, 0.99) },
    };
  } finally {
    await session.release();
    await inference.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function inTurn(
  times: number,
  bare: () => Promise<unknown>,
  ours: () => Promise<unknown>,
): Promise<{ bare: number[]; ours: number[] }> {
  await bare();
  await ours();
  const taken = { bare: [] as number[], ours: [] as number[] };
  for (let k = 0; k < times; k++) {
    taken.bare.push(await seconds(bare));
    taken.ours.push(await seconds(ours));
  }
  return taken;
}

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await run();
  return (performance.now() - from) / 1000;
}

function makeModel({ width, trees, quick }: LearningOptions): { contract: ModelContract; bytes: Uint8Array } {
  const { rows, y, n } = syntheticTable({ n: quick ? 300 : 20_000, width, seed: 1 });
  const names = Array.from({ length: width }, (_, f) => `f${f}`);
  const set = { names, n, rows, y, scale: 'linear' as const, visit: new Int32Array(n) };
  const settings = {
    loss: { kind: 'squared' as const },
    rounds: trees,
    rate: 0.1,
    leaves: 31,
    minRows: 20,
    lambda: 0,
    bins: 64,
    columns: 1,
  };
  const point = fitBoosting(set, settings, { seed: 1, isOver: () => false });
  const contract = contractOf(names);
  return { contract, bytes: finish(point, { width, scale: 'linear', offsets: [-1, 0, 1] }).toOnnx(contractMetadata(contract)) };
}

/** A contract whose features are only names. */
function contractOf(names: readonly string[]): ModelContract {
  const none = { siteSeries: [], appSeries: [], facts: [], lags: [], otherLags: [], windows: [], levels: {}, oneHotSites: [] };
  return {
    schema: 1,
    kind: 'counterfactual',
    learner: 'boosting',
    target: 'kpi_latency_ms',
    better: 'lower',
    quantiles: [0.1, 0.5, 0.9],
    plan: { ...none, stepMs: 1000, horizonTicks: 30, bridge: 0, history: 1, names },
    horizonS: 30,
    stepS: 1,
    objectiveDigest: '0'.repeat(64),
    data: [],
    seed: 1,
  };
}
