import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitBoosting } from '../../../learning/learners/boosting.ts';
import type { BoostingOptions } from '../../../learning/learners/boosting.ts';
import { fitForest } from '../../../learning/learners/forest.ts';
import type { TrainingSet } from '../../../learning/learners/learner.ts';
import type { Loss } from '../../../learning/learners/loss.ts';
import { startGraph, INPUT } from '../../../learning/onnx/graph.ts';
import { openKernels } from '../../../learning/trees/kernels/wasm.ts';
import { compileKernels, sourceOf } from '../../../scripts/build-kernels.mjs';
import { anySet } from '../models.ts';

const never = { seed: 3, isOver: () => false };
const LOSSES: readonly Loss[] = [
  { kind: 'squared' },
  { kind: 'absolute' },
  { kind: 'pinball', alpha: 0.9 },
  { kind: 'sla', bound: 1.5, weight: 5 },
];

test('the embedded kernels are what their source compiles to', async () => {
  const embedded = await readFile(new URL('../../../learning/trees/kernels/wasm-bytes.ts', import.meta.url), 'utf8');
  expect(embedded).toBe(sourceOf(await compileKernels()));
});

/** All there is to know of a model: the bytes of its graph. */
function bytesOf(model: ReturnType<typeof fitBoosting>, width: number): Buffer {
  const graph = startGraph(width);
  return Buffer.from(graph.encode(model.toGraph(graph, INPUT), {}));
}

describe('the model is the same, bit by bit, with compiled kernels and without', () => {
  const options = fc.record({
    loss: fc.constantFrom(...LOSSES),
    leaves: fc.integer({ min: 2, max: 12 }),
    minRows: fc.integer({ min: 1, max: 5 }),
    lambda: fc.constantFrom(0, 1),
    bins: fc.constantFrom(3, 24, 64, 200),
    columns: fc.constantFrom(0.5, 1),
    monotone: fc.constantFrom({}, { b: 1 } as const, { a: -1, c: 1 } as const),
  });
  const sets = fc.record({ seed: fc.nat(1000), n: fc.integer({ min: 1, max: 300 }), width: fc.integer({ min: 1, max: 11 }) });
  const grown = (set: TrainingSet, own: Omit<BoostingOptions, 'rounds' | 'rate'>, kernels: 'wasm' | 'js'): Buffer =>
    bytesOf(fitBoosting(set, { rounds: 8, rate: 0.2, ...own, kernels }, never), set.names.length);

  test('boosting', () => {
    fc.assert(
      fc.property(sets, options, (shape, own) => {
        const set = anySet({ ...shape, missing: 0.2 });
        const monotone = Object.fromEntries(Object.entries(own.monotone).filter(([name]) => set.names.includes(name)));
        expect(grown(set, { ...own, monotone }, 'js').equals(grown(set, { ...own, monotone }, 'wasm'))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('forest', () => {
    fc.assert(
      fc.property(sets, (shape) => {
        const set = anySet({ ...shape, missing: 0.2 });
        const [a, b] = (['js', 'wasm'] as const).map((kernels) =>
          bytesOf(fitForest(set, { trees: 3, minRows: 1, columns: 0.7, bins: 64, kernels }, never), set.names.length),
        );
        expect(a!.equals(b!)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

test('more than 4 GiB of bins are refused by size', () => {
  expect(() => openKernels({ bytes: 5 * 2 ** 30, bins: 64, isWeighted: false }, 'wasm')).toThrow(/5\.0 GiB of bins, 4 at most/);
});
