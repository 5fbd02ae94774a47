import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { checkoutFolder } from '../../platform/checkout.ts';
import { ROW_CASES } from './row-cases.ts';

export const LEARNING_PARTS = ['boosting', 'parity', 'serving', 'rows'] as const;
export type LearningPart = (typeof LEARNING_PARTS)[number];

const QUICK_PARTS: readonly LearningPart[] = ['boosting', 'parity', 'serving'];

export interface LearningOptions {
  readonly parts: readonly LearningPart[];
  /** Rows of the tables that boosting is measured on. */
  readonly rows: readonly number[];
  readonly width: number;
  readonly seeds: number;
  readonly rounds: number;
  /** Rows that are served at a time. */
  readonly served: number;
  readonly trees: number;
  /** Folder of the public data sets, the tasks run on them (absent: all), seconds for each fit, and random quarters where rows are split so. */
  readonly data: string;
  readonly tasks?: readonly string[];
  readonly budgetS: number;
  readonly draws: number;
  /** A smoke run: without peers. */
  readonly quick: boolean;
  readonly write: boolean;
}

export const LEARNING_USAGE = `npm run bench -- learning [options]
  --part NAMES   of ${LEARNING_PARTS.join(', ')}, separated by commas (default: all)
  --rows NUMBERS rows of the tables for boosting (default 20000,200000)
  --seeds N      tables of each size (default 5)
  --rounds N     trees per model (default 300)
  --data DIR     folder of the public data sets for rows (default ../shared/data)
  --task NAMES   for rows: tasks of examples/tasks, separated by commas (default: all)
  --budget N     for rows: seconds for each fit (default 60)
  --draws N      for rows: random quarters of grouped data (default 10)
  --quick        a smoke run of seconds: small tables, no peers; its figures mean nothing
  --kept         measure nothing: print what was measured so far
  --write        also update docs/benchmarks.md`;

/** Throws an Error in words for options that make no sense. */
export function readLearningOptions(args: readonly string[]): LearningOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      part: { type: 'string' },
      rows: { type: 'string' },
      seeds: { type: 'string' },
      rounds: { type: 'string' },
      data: { type: 'string' },
      task: { type: 'string' },
      budget: { type: 'string' },
      draws: { type: 'string' },
      quick: { type: 'boolean', default: false },
      kept: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const { quick } = values;
  return {
    parts: values.kept ? [] : values.part === undefined ? (quick ? QUICK_PARTS : LEARNING_PARTS) : partsOf(values.part),
    rows: (values.rows ?? (quick ? '500' : '20000,200000')).split(',').map((text) => numberOf('rows', text)),
    width: 40,
    seeds: numberOf('seeds', values.seeds ?? (quick ? '1' : '5')),
    rounds: numberOf('rounds', values.rounds ?? (quick ? '5' : '300')),
    served: quick ? 1000 : 50_000,
    trees: quick ? 10 : 500,
    data: values.data ?? join(checkoutFolder(), '..', 'shared', 'data'),
    ...(values.task === undefined ? {} : { tasks: tasksOf(values.task) }),
    budgetS: numberOf('budget', values.budget ?? (quick ? '1' : '60')),
    draws: numberOf('draws', values.draws ?? (quick ? '1' : '10')),
    quick,
    write: values.write && !quick,
  };
}

function tasksOf(text: string): string[] {
  return text.split(',').map((name) => {
    const known = ROW_CASES.find((c) => c.task === name.trim());
    if (!known) throw new Error(`--task: there is no ${name}; ${ROW_CASES.map((c) => c.task).join(', ')}`);
    return known.task;
  });
}

function partsOf(text: string): LearningPart[] {
  return text.split(',').map((name) => {
    const part = LEARNING_PARTS.find((p) => p === name.trim());
    if (!part) throw new Error(`--part: there is no ${name}; ${LEARNING_PARTS.join(', ')}`);
    return part;
  });
}

function numberOf(option: string, text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 10_000_000)
    throw new Error(`--${option}: a whole number from 1 to 10000000, not ${JSON.stringify(text)}`);
  return n;
}
