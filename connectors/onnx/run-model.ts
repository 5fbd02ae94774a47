import { createRequire } from 'node:module';

/** The little of onnxruntime-node that one model in one process needs. */
interface Runtime {
  readonly InferenceSession: {
    create(
      bytes: Uint8Array,
      options: object,
    ): Promise<{
      run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: ArrayLike<number> } | undefined>>;
      release(): Promise<void>;
    }>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown;
}

export interface RunningModel {
  /** p10, p50 and p90 of each row, `[n][3]`. */
  run(x: Float32Array, n: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Loads a model for one command. The platform serves models by `openInference`, in threads that may die. */
export async function openModel(bytes: Uint8Array, width: number): Promise<RunningModel> {
  // Loaded here, not at the top: commands that predict nothing need not wait for it.
  const runtime = createRequire(import.meta.url)('onnxruntime-node') as Runtime;
  const session = await runtime.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 });
  return {
    async run(x, n) {
      if (n === 0) return new Float32Array(0);
      const { quantiles } = await session.run({ features: new runtime.Tensor('float32', x, [n, width]) });
      if (!quantiles || quantiles.data.length !== n * 3)
        throw new Error(`the model gave ${quantiles?.data.length ?? 'no'} values for ${n} rows`);
      return Float32Array.from(quantiles.data);
    },
    close: () => session.release(),
  };
}
