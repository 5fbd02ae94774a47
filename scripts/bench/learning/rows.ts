import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTask } from '../../../learning/tasks/parse-task.ts';
import type { Table } from '../../../learning/tasks/table.ts';
import { checkoutFolder } from '../../platform/checkout.ts';
import { runRow } from './measure-row.ts';
import type { Run } from './measure-row.ts';
import { ROW_CASES } from './row-cases.ts';
import type { RowCase } from './row-cases.ts';
import { filesOf, tableOf } from './row-data.ts';
import { splitTable } from './split-table.ts';

/** What `fit` chose for a task, judged on the validation part by the written model. Errors and coverage in percent, means over the draws. */
export interface RowFigure {
  readonly task: string;
  readonly group?: string;
  readonly reference: string;
  readonly referenceNmae: number;
  readonly nmae: number;
  readonly coverage: number;
  readonly rows: number;
  readonly verdict: string;
  readonly served: string;
  readonly draws: number;
  readonly fitS: number;
}

export interface RowsFigures {
  readonly table: readonly RowFigure[];
  readonly skipped: readonly string[];
}

export interface RowsOptions {
  readonly data: string;
  /** Tasks to run; absent: all. */
  readonly tasks?: readonly string[];
  readonly budgetS: number;
  /** Random quarters of the data sets that are split so. */
  readonly draws: number;
}

export async function measureRows(options: RowsOptions, say: (line: string) => void): Promise<RowsFigures> {
  const table: RowFigure[] = [];
  const skipped: string[] = [];
  for (const one of ROW_CASES.filter((c) => options.tasks?.includes(c.task) ?? true)) {
    const files = filesOf(options.data, one);
    if (!files) skipped.push(one.task);
    else table.push(...(await measureCase(one, files, options)));
    say(`  ${one.task}${files ? '' : ': its data is not there'}`);
  }
  return { table, skipped };
}

async function measureCase(one: RowCase, files: readonly string[], { budgetS, draws }: RowsOptions): Promise<RowFigure[]> {
  const file = join(checkoutFolder(), 'examples', 'tasks', `${one.task}.yaml`);
  const parsed = parseTask(await readFile(file, 'utf8'));
  if (!parsed.ok) throw new Error(`${file} is no task`);
  const task = parsed.value;
  const table = await tableOf(files, task, one);
  const runs: Run[] = [];
  const count = one.split === 'grouped-quarter' ? draws : 1;
  for (let draw = 0; draw < count; draw++) runs.push(await runRow(table, task, splitTable(table, one.split, draw), { budgetS, seed: 1 }));
  const mean = (value: (run: Run) => number): number => runs.reduce((sum, run) => sum + value(run), 0) / count;
  return one.rows.map(({ group, best, nmae }): RowFigure => {
    const index = group === undefined ? -1 : table.groups.indexOf(group);
    const errors = runs.map((run) => errorsOf(run, table, index));
    const of = (pick: (e: Errors) => number): number => errors.reduce((sum, e) => sum + pick(e), 0) / count;
    return {
      task: one.task,
      ...(group === undefined ? {} : { group }),
      reference: best,
      referenceNmae: nmae,
      nmae: of((e) => e.nmae),
      coverage: of((e) => e.coverage),
      rows: Math.round(of((e) => e.rows)),
      verdict: [...new Set(runs.map((run) => run.fitted.judged.verdict))].join(', '),
      served: runs[0]!.fitted.servedName,
      draws: count,
      fitS: mean((run) => run.fitS),
    };
  });
}

interface Errors {
  readonly nmae: number;
  readonly coverage: number;
  readonly rows: number;
}

function errorsOf({ predicted: { quantiles, actual, judged } }: Run, table: Table, group: number): Errors {
  const sums = { error: 0, target: 0, covered: 0, rows: 0 };
  for (let i = 0; i < table.n; i++) {
    const [p10, p50, p90] = [quantiles[3 * i]!, quantiles[3 * i + 1]!, quantiles[3 * i + 2]!];
    if (judged[i] === 0 || !Number.isFinite(actual[i]!) || !Number.isFinite(p50) || (group >= 0 && table.group[i] !== group)) continue;
    sums.error += Math.abs(p50 - actual[i]!);
    sums.target += Math.abs(actual[i]!);
    sums.covered += actual[i]! >= p10 && actual[i]! <= p90 ? 1 : 0;
    sums.rows++;
  }
  return { nmae: (100 * sums.error) / sums.target, coverage: (100 * sums.covered) / sums.rows, rows: sums.rows };
}
