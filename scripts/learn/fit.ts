import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTable } from '../../connectors/file/read-table.ts';
import { effortFor } from '../../learning/tasks/effort.ts';
import { evaluateTask, fitTask } from '../../learning/tasks/fit-task.ts';
import type { FitInput } from '../../learning/tasks/fit-task.ts';
import { forecastKind } from '../../learning/tasks/forecast-kind.ts';
import { regressionKind } from '../../learning/tasks/regression-kind.ts';
import { picturesOf } from '../../learning/tasks/pictures.ts';
import type { Table } from '../../learning/tasks/table.ts';
import { reportOf } from '../../learning/tasks/task-report.ts';
import type { TaskReport } from '../../learning/tasks/task-report.ts';
import { renderReport } from '../../learning/tasks/render-report.ts';
import type { Task } from '../../learning/tasks/task-schema.ts';
import { manifestOf } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { readTask, wantOfTask } from './read-task.ts';

export interface FitRequest {
  readonly task: string;
  readonly data: readonly string[];
  readonly budgetS: number;
  readonly seed: number;
}

/** With what only a run knows. */
export interface FullReport extends TaskReport {
  readonly manifest: Manifest;
  readonly seconds: number;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Fits a task's model and writes everything about it into a folder. */
export async function fit(request: FitRequest & { readonly out: string }): Promise<FullReport> {
  const run = await load(request);
  const fitted = withKind(run, (input) => fitTask(input));
  const report: FullReport = { ...reportOf(run.task, fitted, request.seed), manifest: run.manifest, seconds: secondsSince(run.begin) };
  await mkdir(request.out, { recursive: true });
  const write = (name: string, data: string | Uint8Array): Promise<void> => writeFile(join(request.out, name), data);
  await write('model.onnx', fitted.onnx);
  await write('contract.json', `${JSON.stringify(fitted.contract, null, 2)}\n`);
  await write('report.json', `${JSON.stringify(report, null, 2)}\n`);
  await write('report.md', renderReport(report));
  for (const [name, svg] of picturesOf(fitted)) await write(name, svg);
  return report;
}

/** The backtest alone. */
export async function evaluate(request: FitRequest): Promise<FullReport> {
  const run = await load(request);
  const evaluated = withKind(run, (input) => evaluateTask(input));
  return { ...reportOf(run.task, evaluated, request.seed), manifest: run.manifest, seconds: secondsSince(run.begin) };
}

interface Run {
  readonly begin: number;
  readonly task: Task;
  readonly table: Table;
  readonly manifest: Manifest;
}

async function load(request: FitRequest): Promise<Run> {
  const begin = performance.now();
  const task = await readTask(request.task);
  const table = await readTable(request.data, wantOfTask(task));
  say(
    `${table.n} rows of ${request.data.length} file${request.data.length === 1 ? '' : 's'}, ${table.columns.size} input columns, read in ${secondsSince(begin)} s`,
  );
  return { begin, task, table, manifest: await manifestOf(request.data, request) };
}

function withKind<T>(
  { begin, task, table, manifest }: Run,
  use: <P extends { readonly names: readonly string[] }>(input: FitInput<P>) => T,
): T {
  const { seed, budgetS } = manifest;
  const origin = { data: manifest.data.map((d) => d.sha256), seed };
  const limits = {
    task,
    seed,
    effort: effortFor({ rows: table.n, budgetS }),
    isOver: (): boolean => performance.now() - begin > 1000 * budgetS,
    onProgress: (stage: string, done: number, of: number): void => say(`${stage} ${done}/${of} after ${secondsSince(begin)} s`),
  };
  if (task.kind === 'forecast') return use({ ...limits, kind: forecastKind(table, task, origin) });
  return use({ ...limits, kind: regressionKind(table, task, origin) });
}

function secondsSince(begin: number): number {
  return Math.round((performance.now() - begin) / 10) / 100;
}
