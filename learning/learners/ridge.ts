import { solveSpd } from './solve.ts';
import type { Learner, PointModel, TrainingSet } from './learner.ts';
import { groupFolds } from '../folds.ts';

/** Penalties per row; the one with the least squared error on held-out visits is used. */
const PENALTIES = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const INNER_FOLDS = 5;

interface Scaler {
  readonly mean: Float64Array;
  /** 1 / standard deviation; 0 for a feature that never varies, which takes it out. */
  readonly inverse: Float64Array;
}

interface Normal {
  readonly scaler: Scaler;
  readonly gram: Float64Array;
  readonly right: Float64Array;
  readonly meanY: number;
  readonly n: number;
  readonly min: number;
  readonly max: number;
}

/** Linear regression with a quadratic penalty on scaled features; a missing value is replaced by the mean. */
export const ridge: Learner = {
  name: 'ridge',
  kind: 'model',
  fit: (set) => fitRidge(set, choosePenalty(set)),
};

/** Ridge with a given penalty per row. Predictions are kept within the range of the targets it has seen: lines run on, quality does not. */
export function fitRidge(set: TrainingSet, penalty: number): PointModel {
  const normal = normalEquations(set, (_) => true);
  return modelOf(normal, weightsOf(normal, penalty), penalty);
}

function choosePenalty(set: TrainingSet): number {
  const folds = groupFolds(set.visit, INNER_FOLDS);
  if (folds.count < 2) return 1;
  const errors = PENALTIES.map(() => 0);
  for (let fold = 0; fold < folds.count; fold++) {
    const normal = normalEquations(set, (i) => folds.of[i] !== fold);
    PENALTIES.forEach((penalty, p) => {
      const weights = weightsOf(normal, penalty);
      for (let i = 0; i < set.n; i++) if (folds.of[i] === fold) errors[p]! += (valueOf(normal, weights, set.rows, i) - set.y[i]!) ** 2;
    });
  }
  return PENALTIES[errors.indexOf(Math.min(...errors))]!;
}

function normalEquations(set: TrainingSet, include: (row: number) => boolean): Normal {
  const width = set.names.length;
  const used: number[] = [];
  for (let i = 0; i < set.n; i++) if (include(i)) used.push(i);
  const scaler = fitScaler(set, used);
  const meanY = used.reduce((sum, i) => sum + set.y[i]!, 0) / used.length;
  const gram = new Float64Array(width * width);
  const right = new Float64Array(width);
  const z = new Float64Array(width);
  for (const i of used) {
    for (let f = 0; f < width; f++) z[f] = scaled(scaler, f, set.rows[i * width + f]!);
    for (let f = 0; f < width; f++) {
      if (z[f] === 0) continue;
      right[f] = right[f]! + z[f]! * (set.y[i]! - meanY);
      for (let g = f; g < width; g++) gram[f * width + g] = gram[f * width + g]! + z[f]! * z[g]!;
    }
  }
  for (let f = 0; f < width; f++) for (let g = 0; g < f; g++) gram[f * width + g] = gram[g * width + f]!;
  const seen = used.map((i) => set.y[i]!);
  const min = seen.reduce((a, b) => Math.min(a, b), Infinity);
  const max = seen.reduce((a, b) => Math.max(a, b), -Infinity);
  return { scaler, gram, right, meanY, n: used.length, min, max };
}

function fitScaler(set: TrainingSet, used: readonly number[]): Scaler {
  const width = set.names.length;
  const mean = new Float64Array(width);
  const inverse = new Float64Array(width);
  for (let f = 0; f < width; f++) {
    const values = used.map((i) => set.rows[i * width + f]!).filter((v) => !Number.isNaN(v));
    if (values.length === 0) continue;
    // The graph computes in float32: fitting with the rounded mean and scale keeps both sides alike.
    mean[f] = Math.fround(values.reduce((sum, v) => sum + v, 0) / values.length);
    const variance = values.reduce((sum, v) => sum + (v - mean[f]!) ** 2, 0) / used.length;
    const deviation = Math.sqrt(variance);
    inverse[f] = deviation > 1e-6 * Math.abs(mean[f]!) && deviation > 1e-12 ? Math.fround(1 / deviation) : 0;
  }
  return { mean, inverse };
}

function weightsOf(normal: Normal, penalty: number): Float64Array {
  const width = normal.right.length;
  const matrix = normal.gram.slice();
  for (let f = 0; f < width; f++) matrix[f * width + f] = matrix[f * width + f]! + penalty * normal.n;
  return solveSpd(matrix, normal.right);
}

function scaled(scaler: Scaler, f: number, value: number): number {
  return Number.isNaN(value) ? 0 : (value - scaler.mean[f]!) * scaler.inverse[f]!;
}

function valueOf(normal: Normal, weights: Float64Array, rows: Float32Array, row: number): number {
  const width = weights.length;
  let sum = normal.meanY;
  for (let f = 0; f < width; f++) sum += weights[f]! * scaled(normal.scaler, f, rows[row * width + f]!);
  return Math.min(normal.max, Math.max(normal.min, sum));
}

function modelOf(normal: Normal, weights: Float64Array, penalty: number): PointModel {
  const width = weights.length;
  return {
    about: { penalty },
    predict: (rows, n) => Float32Array.from({ length: n }, (_, i) => valueOf(normal, weights, rows, i)),
    toGraph(graph, input) {
      const mean = graph.constant(normal.scaler.mean, [1, width]);
      const filled = graph.node('Where', [graph.node('IsNaN', [input]), mean, input]);
      const z = graph.node('Mul', [graph.node('Sub', [filled, mean]), graph.constant(normal.scaler.inverse, [1, width])]);
      const sum = graph.node('Gemm', [z, graph.constant(weights, [width, 1]), graph.constant([normal.meanY], [1, 1])]);
      return graph.node('Clip', [sum, graph.constant([normal.min], []), graph.constant([normal.max], [])]);
    },
  };
}
