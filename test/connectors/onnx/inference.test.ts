import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { folderBlobs } from '../../../connectors/blobs/folder.ts';
import { openInference } from '../../../connectors/onnx/inference.ts';
import { openThread } from '../../../connectors/onnx/session-thread.ts';
import { startGraph, INPUT } from '../../../learning/onnx/graph.ts';
import { contractMetadata, digestContract } from '../../../learning/onnx/metadata.ts';
import { inferenceContract } from '../../contracts/inference.ts';
import type { InferenceUnderTest } from '../../contracts/inference.ts';
import { contractOf } from '../../learning/models.ts';

/** Four models of the contract suite fit into one lane, so that the suite evicts. */
async function open(threads: number, cacheBytes: number): Promise<InferenceUnderTest> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-inference-'));
  const blobs = folderBlobs(dir);
  const inference = openInference({ blobs, threads, cacheBytes });
  const close = async (): Promise<void> => {
    await inference.close();
    await rm(dir, { recursive: true });
  };
  return { inference, blobs, close };
}

inferenceContract('one thread', () => open(1, 3_000_000));
inferenceContract('two threads', () => open(2, 6_000_000));

describe('a model that the runtime cannot take', () => {
  /** Reads well, but adds vectors that do not fit. */
  function unfit(): { bytes: Uint8Array; contractDigest: string } {
    const contract = contractOf(['a', 'b']);
    const graph = startGraph(2);
    const sum = graph.node('MatMul', [INPUT, graph.constant([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3])]);
    return { bytes: graph.encode(sum, contractMetadata(contract)), contractDigest: digestContract(contract) };
  }

  test('is refused each time it is asked for, never half loaded', async () => {
    const { inference, blobs, close } = await open(1, 8_000_000);
    onTestFinished(close);
    const { bytes, contractDigest } = unfit();
    const sha256 = await blobs.put(bytes);
    for (let i = 0; i < 2; i++) {
      await expect(inference.predict({ sha256, contractDigest }, new Float32Array(2), 1)).rejects.toMatchObject({ name: 'ModelRefused' });
    }
  });

  test('is refused when it alone is larger than the cache', async () => {
    const { inference, blobs, close } = await open(1, 100_000);
    onTestFinished(close);
    const { bytes, contractDigest } = unfit();
    const sha256 = await blobs.put(bytes);
    await expect(inference.predict({ sha256, contractDigest }, new Float32Array(2), 1)).rejects.toThrow(
      /needs about \d+ bytes of memory, a thread has 100000/,
    );
  });
});

describe('a thread', () => {
  test('that dies rejects what waited, says so once, and the next call finds another', async () => {
    let deaths = 0;
    const thread = openThread(() => deaths++, {
      source: `
      require('node:worker_threads').parentPort.on('message', (m) => {
        if (m.verb === 'run') process.exit(3);
        else require('node:worker_threads').parentPort.postMessage({ id: m.id });
      });`,
    });
    onTestFinished(() => thread.close());
    const run = { verb: 'run', key: 'x', rows: new Float32Array(1), n: 1, width: 1 } as const;
    await expect(Promise.all([thread.call(run), thread.call(run)])).rejects.toThrow('inference thread died: it ended with code 3');
    expect(deaths).toBe(1);
    await expect(thread.call({ verb: 'drop', key: 'x' })).resolves.toBeUndefined();
  });
});
