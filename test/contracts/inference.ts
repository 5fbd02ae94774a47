import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Blobs, Inference } from '../../connectors/ports.ts';
import { finish } from '../../learning/learners/fitted.ts';
import { average } from '../../learning/learners/average.ts';
import { boosting } from '../../learning/learners/boosting.ts';
import { forest } from '../../learning/learners/forest.ts';
import { ridge } from '../../learning/learners/ridge.ts';
import { contractMetadata, digestContract } from '../../learning/onnx/metadata.ts';
import { randomFrom } from '../../learning/random.ts';
import { bentSet, contractOf } from '../learning/models.ts';

export interface InferenceUnderTest {
  readonly inference: Inference;
  readonly blobs: Blobs;
  close(): Promise<void>;
}

/** What every implementation of `Inference` must do. */
export function inferenceContract(name: string, open: () => Promise<InferenceUnderTest>): void {
  describe(`inference: ${name}`, () => {
    let under: InferenceUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    const set = bentSet(300, 1);
    const fit = { seed: 1, isOver: () => false };
    const store = async (
      learner: typeof ridge,
      offset = 0.5,
    ): Promise<{ sha256: string; contractDigest: string; predict: ReturnType<typeof finish>['predict'] }> => {
      const contract = contractOf(set.names, learner.name);
      const fitted = finish(learner.fit(set, fit), { width: set.names.length, scale: 'log', offsets: [-offset, 0, offset] });
      return {
        sha256: await under.blobs.put(fitted.toOnnx(contractMetadata(contract))),
        contractDigest: digestContract(contract),
        predict: fitted.predict,
      };
    };

    test.each([ridge, boosting(), forest({ trees: 20 }), average([ridge, boosting()])])(
      '$name predicts as its trainer does, missing values included',
      async (learner) => {
        const model = await store(learner);
        const { rows, n } = bentSet(500, 2);
        const served = await under.inference.predict(model, rows, n);
        const own = model.predict(rows, n);
        expect(served.length).toBe(1500);
        for (let i = 0; i < served.length; i++) expect(Math.abs(served[i]! - own[i]!)).toBeLessThanOrEqual(1e-4 * Math.abs(own[i]!));
        for (let i = 0; i < n; i++) expect(served[3 * i]! <= served[3 * i + 1]! && served[3 * i + 1]! <= served[3 * i + 2]!).toBe(true);
      },
    );

    test('a batch larger than one chunk comes back in order', async () => {
      const model = await store(ridge);
      const n = 40_000;
      const random = randomFrom(3);
      const rows = Float32Array.from({ length: n * set.names.length }, () => random() * 2 - 1);
      const served = await under.inference.predict(model, rows, n);
      const own = model.predict(rows, n);
      for (let i = 0; i < n * 3; i += 997) expect(Math.abs(served[i]! - own[i]!)).toBeLessThanOrEqual(1e-4 * own[i]!);
    });

    test('zero rows are answered by zero rows', async () => {
      expect(await under.inference.predict({ sha256: 'ab'.repeat(32), contractDigest: '' }, new Float32Array(0), 0)).toEqual(
        new Float32Array(0),
      );
    });

    test('a model with another contract than the registry says is refused with both named', async () => {
      const { sha256, contractDigest } = await store(ridge);
      const refusal = under.inference.predict({ sha256, contractDigest: 'f'.repeat(64) }, new Float32Array(5), 1);
      await expect(refusal).rejects.toMatchObject({ name: 'ModelRefused' });
      await expect(refusal).rejects.toThrow(`expects contract ${'f'.repeat(64)}, the model file ${sha256} carries ${contractDigest}`);
    });

    test('rows of another width are refused by their number', async () => {
      const model = await store(ridge);
      await expect(under.inference.predict(model, new Float32Array(8), 2)).rejects.toThrow('rows: 8 values are not 2 rows of 5 features');
    });

    test('a file that is no model is refused, and the good one beside it keeps serving', async () => {
      const good = await store(ridge);
      const poison = await under.blobs.put(new TextEncoder().encode('not a model'));
      await expect(under.inference.predict({ sha256: poison, contractDigest: '' }, new Float32Array(5), 1)).rejects.toMatchObject({
        name: 'ModelRefused',
      });
      expect((await under.inference.predict(good, new Float32Array(5), 1)).length).toBe(3);
    });

    test('many models in turn and at once all answer, though not all are kept', async () => {
      const models = await Promise.all(Array.from({ length: 12 }, (_, i) => store(ridge, 0.1 * (i + 1))));
      const { rows } = bentSet(1, 5);
      for (let round = 0; round < 2; round++) {
        const answers = await Promise.all(models.map((model) => under.inference.predict(model, rows, 1)));
        answers.forEach((answer, i) => expect(answer[2]! / answer[1]!).toBeCloseTo(Math.exp(0.1 * (i + 1)), 4));
      }
    });
  });
}
