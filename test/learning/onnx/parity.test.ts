import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { average } from '../../../learning/learners/average.ts';
import { boostingQuantiles } from '../../../learning/learners/boosting-quantiles.ts';
import { boosting } from '../../../learning/learners/boosting.ts';
import { finish, finishQuantiles } from '../../../learning/learners/fitted.ts';
import type { Fitted } from '../../../learning/learners/fitted.ts';
import { forest } from '../../../learning/learners/forest.ts';
import type { Learner } from '../../../learning/learners/learner.ts';
import { ridge } from '../../../learning/learners/ridge.ts';
import { INPUT, OUTPUT } from '../../../learning/onnx/graph.ts';
import { anySet } from '../models.ts';

const WIDTH = 3;
const LEARNERS: readonly Learner[] = [
  ridge,
  boosting({ rounds: 30 }),
  boosting({ rounds: 30, loss: { kind: 'absolute' } }),
  boosting({ rounds: 30, loss: { kind: 'sla', bound: 2, weight: 8 } }),
  forest({ trees: 10 }),
  average([ridge, forest({ trees: 5 }), boosting({ rounds: 10 })]),
];

const sets = fc.record({
  seed: fc.nat(1000),
  n: fc.integer({ min: 1, max: 120 }),
  spread: fc.integer({ min: 0, max: 8 }),
  width: fc.constant(WIDTH),
  missing: fc.constantFrom(0, 0.2),
});

async function served(fitted: Fitted, rows: Float32Array): Promise<Float32Array> {
  const session = await InferenceSession.create(fitted.toOnnx({}));
  const { [OUTPUT]: out } = await session.run({ [INPUT]: new Tensor('float32', rows, [rows.length / WIDTH, WIDTH]) });
  await session.release();
  return out!.data as Float32Array;
}

function expectAlike(a: Float32Array, b: Float32Array): void {
  expect(a.length).toBe(b.length);
  a.forEach((v, i) => expect(Math.abs(v - b[i]!), `value ${i}: ${v} and ${b[i]!}`).toBeLessThanOrEqual(1e-4 * Math.abs(b[i]!)));
}

describe('the graph predicts as its trainer does, on any rows', () => {
  test.each(LEARNERS.map((learner) => [learner.name, learner] as const))('%s', async (_, learner) => {
    await fc.assert(
      fc.asyncProperty(sets, fc.constantFrom('linear' as const, 'log' as const), async (shape, scale) => {
        const fitted = finish(learner.fit(anySet(shape), { seed: 1, isOver: () => false }), {
          width: WIDTH,
          scale,
          offsets: [-0.25, 0, 0.5],
        });
        const { rows, n } = anySet({ ...shape, n: 200, seed: shape.seed + 1 });
        expectAlike(await served(fitted, rows), fitted.predict(rows, n));
      }),
      { numRuns: 15 },
    );
  });

  test('quantiles, which never cross', async () => {
    await fc.assert(
      fc.asyncProperty(
        sets,
        fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })),
        async (shape, [low, high]) => {
          const model = boostingQuantiles({ rounds: 20 }).fitQuantiles!(anySet(shape), { seed: 1, isOver: () => false });
          const fitted = finishQuantiles(model, { width: WIDTH, scale: 'linear', offsets: [low, 0, high] });
          const { rows, n } = anySet({ ...shape, n: 100, seed: shape.seed + 1 });
          const out = await served(fitted, rows);
          for (let i = 0; i < n; i++) expect(out[3 * i]! <= out[3 * i + 1]! && out[3 * i + 1]! <= out[3 * i + 2]!).toBe(true);
          const own = fitted.predict(rows, n);
          out.forEach((v, i) => expect(Math.abs(v - own[i]!)).toBeLessThanOrEqual(1e-4 * Math.max(0.1, Math.abs(own[i]!))));
        },
      ),
      { numRuns: 15 },
    );
  });
});
