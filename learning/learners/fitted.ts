import { startGraph, INPUT } from '../onnx/graph.ts';
import { fromScale } from './learner.ts';
import type { PointModel, Scale } from './learner.ts';

/** p10, p50 and p90 as distances from the point prediction, on the learning scale; ascending. */
export type Offsets = readonly [number, number, number];

/** A model as it is served: quantiles in the target's own unit. */
export interface Fitted {
  /** `[n][3]`, p10 <= p50 <= p90; NaN where it cannot tell. */
  predict(rows: Float32Array, n: number): Float32Array;
  toOnnx(metadata: Readonly<Record<string, string>>): Uint8Array;
  readonly about: Readonly<Record<string, number | string>>;
}

export interface Finish {
  readonly width: number;
  readonly scale: Scale;
  readonly offsets: Offsets;
}

/** Turns a point model into quantiles. Ascending offsets and a monotone scale keep their order in any rounding. */
export function finish(point: PointModel, { width, scale, offsets }: Finish): Fitted {
  if (!(offsets[0] <= offsets[1] && offsets[1] <= offsets[2])) throw new RangeError(`offsets must ascend, got ${offsets.join(', ')}`);
  const steps = Float32Array.from(offsets);
  return {
    about: point.about,
    predict(rows, n) {
      const at = point.predict(rows, n);
      const out = new Float32Array(n * 3);
      for (let i = 0; i < n; i++) for (let q = 0; q < 3; q++) out[i * 3 + q] = fromScale(scale, Math.fround(at[i]! + steps[q]!));
      return out;
    },
    toOnnx(metadata) {
      const graph = startGraph(width);
      const sum = graph.node('Add', [point.toGraph(graph, INPUT), graph.constant(steps, [1, 3])]);
      return graph.encode(scale === 'log' ? graph.node('Exp', [sum]) : sum, metadata);
    },
  };
}
