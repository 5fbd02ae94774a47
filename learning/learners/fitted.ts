import { startGraph, INPUT } from '../onnx/graph.ts';
import { fromScale } from './learner.ts';
import type { PointModel, QuantileModel, Scale } from './learner.ts';

/** What is added for p10, p50 and p90, on the learning scale: to one point prediction, then ascending, or to each quantile of its own. */
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

/**
 * Turns learned quantiles into served ones: each moved by its own calibration, p50 kept, and p10 and p90 held on their sides of it, so that they
 * never cross.
 */
export function finishQuantiles(model: QuantileModel, { width, scale, offsets }: Finish): Fitted {
  const steps = Float32Array.from(offsets);
  return {
    about: model.about,
    predict(rows, n) {
      const at = model.predict(rows, n);
      const out = new Float32Array(n * 3);
      for (let i = 0; i < n; i++) {
        const [low, middle, high] = [0, 1, 2].map((q) => Math.fround(at[i * 3 + q]! + steps[q]!)) as [number, number, number];
        [Math.min(low, middle), middle, Math.max(middle, high)].forEach((v, q) => (out[i * 3 + q] = fromScale(scale, v)));
      }
      return out;
    },
    toOnnx(metadata) {
      const graph = startGraph(width);
      const [low, middle, high] = model
        .toGraph(graph, INPUT)
        .map((name, q) => graph.node('Add', [name, graph.constant([steps[q]!], [1])])) as [string, string, string];
      const ordered = [graph.node('Min', [low, middle]), middle, graph.node('Max', [middle, high])];
      const all = graph.node('Concat', ordered, { attributes: { axis: { kind: 'int', value: 1 } } });
      return graph.encode(scale === 'log' ? graph.node('Exp', [all]) : all, metadata);
    },
  };
}
