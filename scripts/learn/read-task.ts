import { readFile } from 'node:fs/promises';
import { parseTask } from '../../learning/tasks/parse-task.ts';
import type { Want } from '../../learning/tasks/table.ts';
import type { Task } from '../../learning/tasks/task-schema.ts';
import { Told } from '../commands/told.ts';

/** Reads and checks a task file. Throws one error (code 2) that lists every problem with its line. */
export async function readTask(file: string): Promise<Task> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Told(`${file} cannot be read: ${error instanceof Error ? error.message : 'unknown'}`, 2);
  }
  const parsed = parseTask(text);
  if (parsed.ok) {
    for (const warning of parsed.warnings) process.stderr.write(`${file}: ${warning}\n`);
    return parsed.value;
  }
  const lines = parsed.problems.map((p) => `${file}:${p.line}:${p.column}: ${p.path === '' ? '' : `${p.path}: `}${p.message}`);
  throw new Told(`${lines.join('\n')}\n${lines.length} problem${lines.length === 1 ? '' : 's'}`, 2);
}

/** What learning reads of the files. */
export function wantOfTask(task: Task): Want {
  return {
    ...(task.time === undefined ? {} : { time: task.time }),
    ...(task.group === undefined ? {} : { group: task.group }),
    target: task.target.column,
    features: task.features,
    ...(typeof task.split === 'object' ? { splitBy: task.split.by } : {}),
  };
}
