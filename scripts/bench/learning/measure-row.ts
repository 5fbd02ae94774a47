import { openModel } from '../../../connectors/onnx/run-model.ts';
import { effortFor } from '../../../learning/tasks/effort.ts';
import { fitTask } from '../../../learning/tasks/fit-task.ts';
import type { FitInput, FittedTask } from '../../../learning/tasks/fit-task.ts';
import { forecastKind } from '../../../learning/tasks/forecast-kind.ts';
import { inputBatches } from '../../../learning/tasks/predict-task.ts';
import { regressionKind } from '../../../learning/tasks/regression-kind.ts';
import type { Table } from '../../../learning/tasks/table.ts';
import type { Task } from '../../../learning/tasks/task-schema.ts';
import type { Split } from './split-table.ts';

export interface Predicted {
  readonly quantiles: Float32Array;
  /** The actual value at the target's time of each row; NaN = unknown. */
  readonly actual: Float64Array;
  readonly judged: Uint8Array;
}

export interface Run {
  readonly fitted: FittedTask<unknown>;
  readonly fitS: number;
  readonly predicted: Predicted;
}

/** Fits on the training part as the command would, and predicts the whole table by the written model. */
export async function runRow(table: Table, task: Task, split: Split, options: { budgetS: number; seed: number }): Promise<Run> {
  const begin = performance.now();
  const fitted = fitOn(split.train, task, options);
  const fitS = (performance.now() - begin) / 1000;
  const quantiles = new Float32Array(table.n * 3).fill(NaN);
  const inputs: Table =
    task.kind === 'forecast'
      ? { ...table, columns: new Map([...table.columns, [task.target.column, Float32Array.from(table.target!)]]) }
      : table;
  const model = await openModel(fitted.onnx, fitted.contract.plan.names.length);
  try {
    for (const { rows, x } of inputBatches(inputs, fitted.contract)) {
      const values = await model.run(x, rows.length);
      rows.forEach((row, i) => quantiles.set(values.subarray(i * 3, i * 3 + 3), row * 3));
    }
  } finally {
    await model.close();
  }
  return { fitted, fitS, predicted: { quantiles, ...targetsOf(table, task, split.judged) } };
}

function fitOn(train: Table, task: Task, { budgetS, seed }: { budgetS: number; seed: number }): FittedTask<unknown> {
  const begin = performance.now();
  const limits = {
    task,
    seed,
    effort: effortFor({ rows: train.n, budgetS }),
    isOver: () => performance.now() - begin > 1000 * budgetS,
    onProgress: () => undefined,
  };
  const fit = <P extends { readonly names: readonly string[] }>(input: FitInput<P>): FittedTask<unknown> => fitTask(input);
  return task.kind === 'forecast'
    ? fit({ ...limits, kind: forecastKind(train, task, { data: [], seed }) })
    : fit({ ...limits, kind: regressionKind(train, task, { data: [], seed }) });
}

/** Actual value of each row's target, and whether that target lies in the judged part. */
function targetsOf(table: Table, task: Task, judged: Uint8Array): { actual: Float64Array; judged: Uint8Array } {
  if (task.kind === 'regression') return { actual: table.target!, judged };
  const horizonMs = task.horizon! * 1000;
  const rowAt = new Map(Array.from({ length: table.n }, (_, i) => [`${table.group[i]} ${table.timeMs![i]}`, i]));
  const then = Int32Array.from({ length: table.n }, (_, i) => rowAt.get(`${table.group[i]} ${table.timeMs![i]! + horizonMs}`) ?? -1);
  return {
    actual: Float64Array.from(then, (row) => (row < 0 ? NaN : table.target![row]!)),
    judged: Uint8Array.from(then, (row) => (row < 0 ? 0 : judged[row]!)),
  };
}
