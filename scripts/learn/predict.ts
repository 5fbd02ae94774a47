import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readTable } from '../../connectors/file/read-table.ts';
import { openModel } from '../../connectors/onnx/run-model.ts';
import { inputBatches, wantOf } from '../../learning/tasks/predict-task.ts';
import type { Table } from '../../learning/tasks/table.ts';
import { taskContractSchema } from '../../learning/tasks/task-contract.ts';
import type { TaskContract } from '../../learning/tasks/task-contract.ts';
import { formatTime } from '../../learning/tasks/time-format.ts';
import { Told } from '../commands/told.ts';

export interface PredictRequest {
  readonly model: string;
  readonly data: readonly string[];
  readonly out: string;
}

/** Predicts from files by a fitted model; returns the rows written and how many of them hold a prediction. */
export async function predict({ model, data, out }: PredictRequest): Promise<{ rows: number; predicted: number }> {
  const contract = await readContract(model);
  const { table, quantiles, predicted } = await predictRows(contract, { model, data });
  await pipeline(Readable.from(linesOf(table, contract, quantiles)), createWriteStream(out));
  return { rows: table.n, predicted };
}

export interface PredictedRows {
  readonly table: Table;
  /** p10, p50, p90 of every row; NaN where nothing could be told. */
  readonly quantiles: Float32Array;
  readonly predicted: number;
}

/** Every row of the files by the model of a folder and its contract. */
export async function predictRows(contract: TaskContract, { model, data }: Omit<PredictRequest, 'out'>): Promise<PredictedRows> {
  const bytes = await readModel(join(model, 'model.onnx'));
  const table = await readTable(data, wantOf(contract));
  const running = await openModel(bytes, contract.plan.names.length);
  const quantiles = new Float32Array(table.n * 3).fill(NaN);
  let predicted = 0;
  try {
    for (const { rows, x } of inputBatches(table, contract)) {
      const values = await running.run(x, rows.length);
      rows.forEach((row, i) => quantiles.set(values.subarray(i * 3, i * 3 + 3), row * 3));
      predicted += rows.length;
    }
  } finally {
    await running.close();
  }
  return { table, quantiles, predicted };
}

/** What a fitted model was promised. Throws Told for a folder that is none. */
export async function readContract(folder: string): Promise<TaskContract> {
  const file = join(folder, 'contract.json');
  const text = await readText(file);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new Told(`${file} is not JSON`, 2);
  }
  const parsed = taskContractSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new Told(parsed.error.issues.map((issue) => `${file}: ${issue.path.join('.')}: ${issue.message}`).join('\n'), 2);
}

async function readText(file: string): Promise<string> {
  return (await readModel(file)).toString('utf8');
}

async function readModel(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Told(`${file} cannot be read: ${error instanceof Error ? error.message : 'unknown'}`, 2);
  }
}

const LINES = 4096;

/** CSV in pieces of some thousand lines; what could not be told is empty. */
function* linesOf(table: Table, contract: TaskContract, quantiles: Float32Array): Generator<string> {
  yield contract.kind === 'forecast' ? 'time,group,p10,p50,p90\n' : 'row,p10,p50,p90\n';
  const horizonMs = contract.kind === 'forecast' ? contract.horizonS * 1000 : 0;
  let lines: string[] = [];
  for (let row = 0; row < table.n; row++) {
    const head =
      contract.kind === 'forecast'
        ? `${formatTime(table.timeMs![row]! + horizonMs, table.timeFormat!)},${quoted(table.groups[table.group[row]!]!)}`
        : String(row);
    const values = [0, 1, 2].map((q) => numberText(quantiles[row * 3 + q]!));
    lines.push(`${head},${values.join(',')}\n`);
    if (lines.length < LINES) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

function numberText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(9))) : '';
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
