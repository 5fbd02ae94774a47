import { parseArgs } from 'node:util';

export const LEARNING_PARTS = ['boosting', 'parity', 'serving'] as const;
export type LearningPart = (typeof LEARNING_PARTS)[number];

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
  /** A smoke run: without peers. */
  readonly quick: boolean;
  readonly write: boolean;
}

export const LEARNING_USAGE = `npm run bench -- learning [options]
  --part NAMES   of ${LEARNING_PARTS.join(', ')}, separated by commas (default: all)
  --rows NUMBERS rows of the tables for boosting (default 20000,200000)
  --seeds N      tables of each size (default 5)
  --rounds N     trees per model (default 300)
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
      quick: { type: 'boolean', default: false },
      kept: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const { quick } = values;
  return {
    parts: values.kept ? [] : values.part === undefined ? LEARNING_PARTS : partsOf(values.part),
    rows: (values.rows ?? (quick ? '500' : '20000,200000')).split(',').map((text) => numberOf('rows', text)),
    width: 40,
    seeds: numberOf('seeds', values.seeds ?? (quick ? '1' : '5')),
    rounds: numberOf('rounds', values.rounds ?? (quick ? '5' : '300')),
    served: quick ? 1000 : 50_000,
    trees: quick ? 10 : 500,
    quick,
    write: values.write && !quick,
  };
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
