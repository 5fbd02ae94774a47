import { randomFrom } from '../random.ts';
import type { Planned, Problem, ReadyRows, Selection } from './problem.ts';
import { selectSeries, stability } from './select-series.ts';
import type { Table } from './table.ts';
import type { Task } from './task-schema.ts';
import { timeBlocks } from './task-rows.ts';

/** One input of a regression, made from one row. Plain JSON, for the contract. */
export type RowSpec =
  { readonly op: 'column'; readonly column: string } | { readonly op: 'product' | 'ratio'; readonly a: string; readonly b: string };

export interface RegressionPlan {
  /** Columns that must be there; none for a constant. */
  readonly columns: readonly string[];
  readonly specs: readonly RowSpec[];
  readonly names: readonly string[];
}

const SELECTION_ROWS = 4000;
const STABILITY_DRAWS = 5;
const MOST_COLUMNS = 200;
/** With so few columns every pair is tried. */
const FEW_COLUMNS = 8;

export function regressionProblem(table: Table, task: Task): Problem<RegressionPlan> {
  const kept: number[] = [];
  for (let i = 0; i < table.n; i++) if (!Number.isNaN(table.target![i]!)) kept.push(i);
  const rowOf = Int32Array.from(kept);
  const pick = (values: ArrayLike<number>) => (_: unknown, i: number) => values[rowOf[i]!]!;
  const n = rowOf.length;
  const y = Float64Array.from({ length: n }, pick(table.target!));
  // Without a time and columns to split by, every row stands for itself.
  const group = table.splitBy || table.timeMs ? Int32Array.from({ length: n }, pick(table.splitBy ?? table.group)) : rowOf;
  const timeMs = table.timeMs ? Float64Array.from({ length: n }, pick(table.timeMs)) : Float64Array.from(rowOf);
  return {
    n,
    timeMs,
    y,
    group,
    groups: table.groups,
    plan: (train, seed) => planFrom({ table, task, rowOf, y }, train, seed),
    rows(plan, examples) {
      const rows = examples.map((i) => rowOf[i]!);
      const pickOf = (values: ArrayLike<number>) => (_: unknown, i: number) => values[examples[i]!]!;
      return {
        ...regressionRows(plan, table, rows),
        y: Float64Array.from({ length: rows.length }, pickOf(y)),
        timeMs: Float64Array.from({ length: rows.length }, pickOf(timeMs)),
        group: Int32Array.from({ length: rows.length }, pickOf(group)),
        block:
          table.splitBy || !table.timeMs
            ? Int32Array.from({ length: rows.length }, pickOf(group))
            : timeBlocks(Float64Array.from(examples, (i) => timeMs[i]!)),
      };
    },
  };
}

/** Inputs of the given rows of a table; a row of which no column is known is not ready. */
export function regressionRows(plan: RegressionPlan, table: Table, rows: Int32Array): Pick<ReadyRows, 'names' | 'n' | 'x' | 'ready'> {
  const width = plan.specs.length;
  const x = new Float32Array(rows.length * width);
  const ready = new Uint8Array(rows.length);
  if (plan.columns.length === 0) return { names: plan.names, n: rows.length, x: x.fill(NaN), ready: ready.fill(1) };
  const column = (name: string): Float32Array => {
    const values = table.columns.get(name);
    if (!values) throw new RangeError(`column ${name} is not there`);
    return values;
  };
  plan.specs.forEach((spec, f) => {
    const a = column(spec.op === 'column' ? spec.column : spec.a);
    const b = spec.op === 'column' ? undefined : column(spec.b);
    rows.forEach((row, i) => {
      const value = b === undefined ? a[row]! : combined(spec.op, a[row]!, b[row]!);
      x[i * width + f] = value;
      if (!Number.isNaN(value)) ready[i] = 1;
    });
  });
  return { names: plan.names, n: rows.length, x, ready };
}

function combined(op: RowSpec['op'], a: number, b: number): number {
  if (op === 'product') return a * b;
  const ratio = a / b;
  return Number.isFinite(ratio) ? ratio : NaN;
}

interface Context {
  readonly table: Table;
  readonly task: Task;
  readonly rowOf: Int32Array;
  readonly y: Float64Array;
}

function planFrom(context: Context, train: Int32Array, seed: number): Planned<RegressionPlan> {
  const selection = selectFrom(context, train, seed);
  const specs = [
    ...selection.chosen.map((column): RowSpec => ({ op: 'column', column })),
    ...(selection.chosen.length <= FEW_COLUMNS ? pairs(selection.chosen) : []),
  ];
  return { plan: { columns: selection.chosen, specs, names: specs.map(rowSpecName) }, selection, about: {} };
}

/** Products and ratios of few columns: load by share is what a server feels, and no split of one column sees it. */
function pairs(columns: readonly string[]): RowSpec[] {
  return columns.flatMap((a, i) =>
    columns.flatMap((b, j): RowSpec[] => {
      if (i === j) return [];
      return [...(i < j ? [{ op: 'product' as const, a, b }] : []), { op: 'ratio', a, b }];
    }),
  );
}

export function rowSpecName(spec: RowSpec): string {
  if (spec.op === 'column') return spec.column;
  return spec.op === 'product' ? `${spec.a} * ${spec.b}` : `${spec.a} / ${spec.b}`;
}

function selectFrom({ table, task, rowOf, y }: Context, train: Int32Array, seed: number): Selection {
  const names = [...table.columns.keys()];
  const random = randomFrom(seed);
  const draw = (): Int32Array =>
    Int32Array.from({ length: Math.min(SELECTION_ROWS, train.length) }, () => train[Math.floor(random() * train.length)]!).sort();
  const choose = (examples: Int32Array): string[] =>
    selectSeries({
      columns: new Map(names.map((name) => [name, Float32Array.from(examples, (i) => table.columns.get(name)![rowOf[i]!]!)])),
      target: Float64Array.from(examples, (i) => y[i]!),
      max: task.select?.max ?? MOST_COLUMNS,
      method: task.select?.method ?? 'redundancy',
    });
  const chosen = choose(train.length <= SELECTION_ROWS ? train : draw());
  const drawn = Array.from({ length: STABILITY_DRAWS }, () => choose(draw()));
  return { chosen, offered: names.length, stability: stability([chosen, ...drawn]) };
}
