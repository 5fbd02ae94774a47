import { describe, expect, test } from 'vitest';
import { tryModel } from '../../../connectors/onnx/trial.ts';
import { boosting } from '../../../learning/learners/boosting.ts';
import { finish } from '../../../learning/learners/fitted.ts';
import { INPUT, startGraph } from '../../../learning/onnx/graph.ts';
import type { GraphBuilder } from '../../../learning/onnx/graph.ts';
import { contractMetadata, digestContract } from '../../../learning/onnx/metadata.ts';
import { randomFrom } from '../../../learning/random.ts';
import { bentSet, contractOf } from '../../learning/models.ts';

const contract = contractOf(['a', 'b']);
const contractDigest = digestContract(contract);
const rows = Float32Array.of(1, 2);
const built = (build: (graph: GraphBuilder) => string): Uint8Array => {
  const graph = startGraph(2);
  return graph.encode(build(graph), contractMetadata(contract));
};
const sum = (graph: GraphBuilder): string => graph.node('MatMul', [INPUT, graph.constant([1, 2, 3, 4, 5, 6], [2, 3])]);
const refused = (message: RegExp) => expect.objectContaining({ name: 'ModelRefused', message: expect.stringMatching(message) });

test('a good model answers as it would when it serves', async () => {
  expect(await tryModel({ bytes: built(sum), rows, contractDigest })).toEqual(Float32Array.of(9, 12, 15));
});

describe('refused by name is a model', () => {
  test('with another contract, both named, before it is run', async () => {
    await expect(tryModel({ bytes: built(sum), rows, contractDigest: 'f'.repeat(64) })).rejects.toEqual(
      refused(/expects contract f{64}, the model file carries [0-9a-f]{64}/),
    );
  });

  test('that the runtime cannot take', async () => {
    const bytes = built((graph) => graph.node('MatMul', [INPUT, graph.constant([1, 2, 3], [3, 1])]));
    await expect(tryModel({ bytes, rows, contractDigest })).rejects.toEqual(refused(/it does not load or run/));
  });

  test('that takes too long, and one that takes too much memory', async () => {
    await expect(tryModel({ bytes: built(sum), rows, contractDigest }, { seconds: 0.001, memoryBytes: 2 ** 30 })).rejects.toEqual(
      refused(/more than 0\.001 s/),
    );
    await expect(tryModel({ bytes: built(sum), rows, contractDigest }, { seconds: 100, memoryBytes: 1 })).rejects.toEqual(
      refused(/more than 1 bytes of memory/),
    );
  });
});

test('a file that is damaged anywhere is refused or answers; the process that tries it lives', async () => {
  const set = bentSet(200, 1);
  const trees = finish(boosting().fit(set, { seed: 1, isOver: () => false }), {
    width: set.names.length,
    scale: 'log',
    offsets: [-1, 0, 1],
  });
  const own = contractOf(set.names);
  const good = trees.toOnnx(contractMetadata(own));
  const random = randomFrom(7);
  for (let i = 0; i < 16; i++) {
    const bytes = good.slice(0, i % 4 === 0 ? Math.floor(random() * good.length) : good.length);
    for (let k = 0; k < 1 + i; k++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const answer = await tryModel({ bytes, rows: new Float32Array(set.names.length), contractDigest: digestContract(own) }).catch(
      (error: unknown) => error,
    );
    if (!(answer instanceof Float32Array)) expect(answer).toMatchObject({ name: 'ModelRefused' });
  }
});
