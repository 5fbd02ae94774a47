import type { PointModel } from '../learners/learner.ts';
import { INPUT, startGraph } from '../onnx/graph.ts';
import type { Band } from './band.ts';
import { spreadAt } from './band.ts';
import { gather } from './frame.ts';

export interface ServedModel {
  readonly point: PointModel;
  readonly band: Band;
  readonly names: readonly string[];
  /** No quantile is below it; absent: no bound. */
  readonly least?: number;
}

/** p10, p50 and p90 of each row, `[n][3]`, as the graph gives them. */
export function predictServed({ point, band, names, least }: ServedModel, x: Float32Array, n: number): Float32Array {
  const at = point.predict(x, n);
  const column = band.spread.kind === 'input' ? names.indexOf(band.spread.input) : -1;
  const out = new Float32Array(n * 3);
  for (let i = 0; i < n; i++) {
    const spread = spreadAt(band.spread, at[i]!, column < 0 ? 0 : x[i * names.length + column]!);
    [band.low, 0, band.high].forEach((offset, q) => {
      const value = at[i]! + Math.fround(offset * spread);
      out[i * 3 + q] = least === undefined ? value : Math.max(least, value);
    });
  }
  return out;
}

/** The whole model as one ONNX graph. */
export function servedToOnnx({ point, band, names, least }: ServedModel, metadata: Readonly<Record<string, string>>): Uint8Array {
  const graph = startGraph(names.length);
  const at = point.toGraph(graph, INPUT);
  const offsets = graph.constant([band.low, 0, band.high], [1, 3]);
  const { spread } = band;
  let steps = offsets;
  if (spread.kind !== 'constant') {
    const raw =
      spread.kind === 'point'
        ? graph.node('Max', [at, graph.node('Neg', [at])])
        : gather(graph, INPUT, Int32Array.of(names.indexOf(spread.input)));
    steps = graph.node('Mul', [graph.node('Max', [raw, graph.constant([spread.floor], [1])]), offsets]);
  }
  const quantiles = graph.node('Add', [at, steps]);
  return graph.encode(least === undefined ? quantiles : graph.node('Max', [quantiles, graph.constant([least], [1])]), metadata);
}
