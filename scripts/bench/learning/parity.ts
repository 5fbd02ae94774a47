import { InferenceSession, Tensor } from 'onnxruntime-node';

import { average } from '../../../learning/learners/average.ts';
import { boostingQuantiles } from '../../../learning/learners/boosting-quantiles.ts';
import { boosting } from '../../../learning/learners/boosting.ts';
import { finish, finishQuantiles, type Fitted } from '../../../learning/learners/fitted.ts';
import { forest } from '../../../learning/learners/forest.ts';
import type { Learner, TrainingSet } from '../../../learning/learners/learner.ts';
import { ridge } from '../../../learning/learners/ridge.ts';
import { INPUT, OUTPUT } from '../../../learning/onnx/graph.ts';
import { randomFrom } from '../../../learning/random.ts';
import type { LearningOptions } from './options.ts';
import { syntheticTable } from './synthetic.ts';

export interface ParityFigures {
  readonly rows: number;
  readonly learners: readonly { readonly name: string; readonly bytes: number; readonly greatest: number }[];
}

const LEARNERS: readonly Learner[] = [
  ridge,
  boosting(),
  boosting({ loss: { kind: 'absolute' } }),
  boosting({ loss: { kind: 'pinball', alpha: 0.9 } }),
  boosting({ loss: { kind: 'sla', bound: 20, weight: 8 } }),
  boostingQuantiles(),
  forest(),
  average([ridge, boosting(), forest()]),
];

/** The greatest relative difference of what onnxruntime gives to what the trainer gives, over all rows, one value in ten missing. */
export async function measureParity(options: LearningOptions): Promise<ParityFigures> {
  const set = tableWithGaps(options.quick ? 300 : 5000, options.width, 1);
  const test = tableWithGaps(options.quick ? 300 : 20_000, options.width, 2);
  const fit = { seed: 1, isOver: () => false };
  const learners = [];
  for (const learner of LEARNERS) {
    const about = { width: options.width, scale: set.scale, offsets: [-1, 0, 1] as const };
    const quantiles = learner.fitQuantiles?.(set, fit);
    const fitted = quantiles ? finishQuantiles(quantiles, about) : finish(learner.fit(set, fit), about);
    learners.push({ name: learner.name, bytes: fitted.toOnnx({}).length, greatest: await greatestDifference(fitted, test) });
  }
  return { rows: test.n, learners };
}

async function greatestDifference(fitted: Fitted, { rows, n, names }: TrainingSet): Promise<number> {
  const session = await InferenceSession.create(fitted.toOnnx({}), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const { [OUTPUT]: out } = await session.run({ [INPUT]: new Tensor('float32', rows, [n, names.length]) });
  await session.release();
  const own = fitted.predict(rows, n);
  const served = out!.data as Float32Array;
  return own.reduce((most, v, i) => Math.max(most, Math.abs(served[i]! - v) / Math.abs(v)), 0);
}

function tableWithGaps(n: number, width: number, seed: number): TrainingSet {
  const { rows, y } = syntheticTable({ n, width, seed });
  const random = randomFrom(seed + 100);
  const names = Array.from({ length: width }, (_, f) => `f${f}`);
  const gaps = rows.map((v) => (random() < 0.1 ? NaN : v));
  return { names, n, rows: gaps, y, scale: 'linear', visit: Int32Array.from({ length: n }, (_, i) => Math.floor(i / 50)) };
}
