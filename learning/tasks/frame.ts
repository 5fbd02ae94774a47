import type { PointModel, TrainingSet } from '../learners/learner.ts';
import type { GraphBuilder } from '../onnx/graph.ts';
import type { TaskRows } from './task-rows.ts';

/**
 * How a target is put before a learner: as it is, as its logarithm, or as what is left of it after an input that stands for its level, in units of
 * an input that stands for its size. A learner that sees differences from the present level carries over to levels it has not seen.
 */
export type Frame =
  | { readonly kind: 'plain' }
  | { readonly kind: 'log'; readonly shift: number }
  | { readonly kind: 'relative'; readonly level?: string; readonly size?: string };

const LEAST_SIZE = 1e-6;

/** Which inputs a learner sees, and in what frame it sees the target. */
export interface View {
  readonly frame: Frame;
  /** Indices of the inputs; absent: all. */
  readonly inputs?: Int32Array;
}

/** What a learner learns from. */
export function trainingSetOf(rows: TaskRows, view: View): TrainingSet {
  const { names, x } = seen(rows, view);
  return { names, n: rows.n, rows: x, y: toFrame(rows, view.frame), scale: 'linear', visit: rows.block };
}

/** A point model of a view as one of all inputs and the target's own unit. */
export function unframed(model: PointModel, view: View, names: readonly string[]): PointModel {
  const { frame, inputs } = view;
  const level = indexIn(names, frame, 'level');
  const size = indexIn(names, frame, 'size');
  const width = names.length;
  return {
    about: model.about,
    predict(x, n) {
      const z = model.predict(inputs ? columnsOf(x, n, { width, inputs }) : x, n);
      return z.map((v, i) => {
        if (frame.kind === 'log') return Math.exp(v) - frame.shift;
        const scaled = size < 0 ? v : v * sizeAt(x[i * width + size]!);
        return level < 0 ? scaled : Math.fround(scaled) + x[i * width + level]!;
      });
    },
    toGraph(graph, input) {
      const z = model.toGraph(graph, inputs ? gather(graph, input, inputs) : input);
      if (frame.kind === 'log') return graph.node('Sub', [graph.node('Exp', [z]), graph.constant([frame.shift], [1])]);
      const scaled = size < 0 ? z : graph.node('Mul', [z, sizeNode(graph, input, size)]);
      return level < 0 ? scaled : graph.node('Add', [scaled, gather(graph, input, Int32Array.of(level))]);
    },
  };
}

/** Some columns of a graph's input. */
export function gather(graph: GraphBuilder, input: string, columns: Int32Array): string {
  const indices = graph.node('Cast', [graph.constant(columns, [columns.length])], { attributes: { to: { kind: 'int', value: 7 } } });
  return graph.node('Gather', [input, indices], { attributes: { axis: { kind: 'int', value: 1 } } });
}

export function sizeNode(graph: GraphBuilder, input: string, column: number): string {
  return graph.node('Max', [gather(graph, input, Int32Array.of(column)), graph.constant([LEAST_SIZE], [1])]);
}

/** A size of zero would divide by it. */
export function sizeAt(value: number): number {
  return Math.max(Math.fround(LEAST_SIZE), value);
}

function toFrame(rows: TaskRows, frame: Frame): Float64Array {
  if (frame.kind === 'plain') return rows.y;
  if (frame.kind === 'log') return rows.y.map((y) => Math.log(y + frame.shift));
  const width = rows.names.length;
  const level = indexIn(rows.names, frame, 'level');
  const size = indexIn(rows.names, frame, 'size');
  return rows.y.map((y, i) => {
    const off = level < 0 ? y : y - rows.x[i * width + level]!;
    return size < 0 ? off : off / sizeAt(rows.x[i * width + size]!);
  });
}

function indexIn(names: readonly string[], frame: Frame, what: 'level' | 'size'): number {
  const name = frame.kind === 'relative' ? frame[what] : undefined;
  if (name === undefined) return -1;
  const at = names.indexOf(name);
  if (at < 0) throw new RangeError(`there is no input ${name}`);
  return at;
}

function seen({ names, n, x }: TaskRows, { inputs }: View): { names: readonly string[]; x: Float32Array } {
  if (!inputs) return { names, x };
  return { names: Array.from(inputs, (i) => names[i]!), x: columnsOf(x, n, { width: names.length, inputs }) };
}

function columnsOf(x: Float32Array, n: number, { width, inputs }: { width: number; inputs: Int32Array }): Float32Array {
  const out = new Float32Array(n * inputs.length);
  for (let i = 0; i < n; i++) for (let f = 0; f < inputs.length; f++) out[i * inputs.length + f] = x[i * width + inputs[f]!]!;
  return out;
}
