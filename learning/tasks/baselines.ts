import type { Learner, PointModel } from '../learners/learner.ts';
import { gather } from './frame.ts';

/** The value of one input, as it is: last value, window mean, window median, seasonal naive. */
export function inputValue(name: string, input: string): Learner {
  return {
    name,
    kind: 'baseline',
    fit({ names }): PointModel {
      const at = names.indexOf(input);
      if (at < 0) throw new RangeError(`there is no input ${input}`);
      const width = names.length;
      return {
        about: { input },
        predict: (x, n) => Float32Array.from({ length: n }, (_, i) => x[i * width + at]!),
        toGraph: (graph, from) => gather(graph, from, Int32Array.of(at)),
      };
    },
  };
}

export const overallMean: Learner = {
  name: 'overall mean',
  kind: 'baseline',
  fit: (set) => constantModel(set.y.reduce((sum, y) => sum + y, 0) / set.n),
};

export const overallMedian: Learner = {
  name: 'overall median',
  kind: 'baseline',
  fit: (set) => constantModel(medianOf(set.y)),
};

function constantModel(constant: number): PointModel {
  const value = Math.fround(constant);
  return {
    about: { value },
    predict: (_, n) => new Float32Array(n).fill(value),
    toGraph(graph, from) {
      // One number for each row: where the first input is and where it is not.
      const constant = graph.constant([value], [1]);
      return graph.node('Where', [graph.node('IsNaN', [gather(graph, from, Int32Array.of(0))]), constant, constant]);
    },
  };
}

export function medianOf(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
