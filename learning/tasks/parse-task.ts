import { parseYaml, type Finding, type ParsedYaml } from '../../domain/parse-yaml.ts';
import { taskSchema, type Task } from './task-schema.ts';

/** Reads a task file. Never throws; lists every problem of a wrong file at once, in the order of its lines. */
export function parseTask(text: string): ParsedYaml<Task> {
  return parseYaml(text, taskSchema, (raw) => (isRecord(raw) ? [...checkTask(raw, readable(raw)), ...rolesTwice(raw)] : []));
}

/** Those keys that are right by themselves, so that a wrong one does not hide what is wrong with the others. */
function readable(raw: Readonly<Record<string, unknown>>): Partial<Task> {
  const entries = Object.entries(taskSchema.shape).flatMap(([key, schema]) => {
    const parsed = schema.safeParse(raw[key]);
    return parsed.success ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(entries) as Partial<Task>;
}

/** A task as it is meant: what a forecast needs is there, lengths of time fit the grid. */
function checkTask(raw: Readonly<Record<string, unknown>>, task: Partial<Task>): Finding[] {
  const problem = (path: readonly (string | number)[], message: string): Finding => ({ kind: 'problem', path, message });
  if (task.kind === 'regression') {
    const found: Finding[] = [];
    if ('horizon' in raw) found.push(problem(['horizon'], 'a regression predicts the target of the same row; it has no horizon'));
    if (task.split === 'time' && !('time' in raw)) found.push(problem(['split'], 'split by time needs the column: time'));
    return found;
  }
  if (task.kind !== 'forecast') return [];
  const found = (['time', 'step', 'horizon'] as const)
    .filter((key) => !(key in raw))
    .map((key) => problem([key], 'is required for a forecast'));
  const { step, horizon, split } = task;
  if (step !== undefined && horizon !== undefined && !isWhole(horizon / step))
    found.push(problem(['horizon'], `must be a whole number of steps of ${step} s`));
  if (split !== undefined && split !== 'time')
    found.push(problem(['split'], 'a forecast is always split by time; { by: [...] } is for regressions'));
  return found;
}

/** A column has one role. */
function rolesTwice({ time, group, target }: Readonly<Record<string, unknown>>): Finding[] {
  const wanted = isRecord(target) ? target : {};
  const roles = [
    { path: ['time'], column: time },
    { path: ['group'], column: group },
    { path: ['target', 'column'], column: wanted['column'] },
  ].filter((r) => typeof r.column === 'string');
  return roles.flatMap((role, i) => {
    const before = roles.slice(0, i).find((r) => r.column === role.column);
    if (!before) return [];
    return [{ kind: 'problem', path: role.path, message: `${String(role.column)} is the column of ${before.path.join('.')} already` }];
  });
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 1e-9;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
