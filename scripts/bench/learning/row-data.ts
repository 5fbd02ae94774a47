import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTable } from '../../../connectors/file/read-table.ts';
import { matches } from '../../../learning/tasks/match-columns.ts';
import type { Table } from '../../../learning/tasks/table.ts';
import type { Task } from '../../../learning/tasks/task-schema.ts';
import { wantOfTask } from '../../learn/read-task.ts';
import type { RowCase } from './row-cases.ts';

/** Files of a case that are there, in order; undefined = the data set is not in the folder. */
export function filesOf(folder: string, { files }: RowCase): string[] | undefined {
  const found = files.flatMap((pattern) => {
    const dir = join(folder, dirname(pattern));
    if (!existsSync(dir)) return [];
    const names = readdirSync(dir).filter((name) => matches(pattern, join(dirname(pattern), name)));
    return names.sort().map((name) => join(dir, name));
  });
  return found.length > 0 ? found : undefined;
}

/** The table of a case; a file with one machine per column is turned into rows of time and machine. */
export async function tableOf(files: readonly string[], task: Task, { wide }: RowCase): Promise<Table> {
  if (wide) return longTable(await readTable(files, { time: 'tick', features: { columns: 'all', except: [] } }), task.step ?? 300);
  return await readTable(files, wantOfTask(task));
}

function longTable(wide: Table, stepS: number): Table {
  const machines = [...wide.columns];
  const n = machines.length * wide.n;
  // The file counts ticks; as seconds they are read as thousandfold milliseconds.
  const tickMs = (row: number): number => wide.timeMs![row]! * stepS;
  return {
    n,
    timeMs: Float64Array.from({ length: n }, (_, i) => tickMs(i % wide.n)),
    timeFormat: { kind: 'seconds' },
    group: Int32Array.from({ length: n }, (_, i) => Math.floor(i / wide.n)),
    groups: machines.map(([name]) => name),
    target: Float64Array.from({ length: n }, (_, i) => machines[Math.floor(i / wide.n)]![1][i % wide.n]!),
    columns: new Map(),
  };
}
