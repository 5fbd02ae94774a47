import type { TimeFormat } from './time-format.ts';

/** What a task reads from its files: one entry per input row, in the order of the files and their rows. NaN = missing. */
export interface Table {
  readonly n: number;
  /** Epoch milliseconds. */
  readonly timeMs?: Float64Array;
  readonly timeFormat?: TimeFormat;
  /** Index into `groups`. */
  readonly group: Int32Array;
  /** Names of the series: the values of the group column, or the files. */
  readonly groups: readonly string[];
  /** Absent where the files need not have it, as in a prediction without the past of the target. */
  readonly target?: Float64Array;
  /** Numeric input columns by name. */
  readonly columns: ReadonlyMap<string, Float32Array>;
  /** Rows that agree in the columns of `split.by` have the same number. */
  readonly splitBy?: Int32Array;
}

/** What to read. Every column named must be in every file; `all` takes the numeric columns that have no other role. */
export interface Want {
  readonly time?: string;
  readonly group?: string;
  readonly target?: string;
  readonly features: { readonly columns: 'all' | readonly string[]; readonly except: readonly string[] };
  readonly splitBy?: readonly string[];
}

/** Input that cannot be used; `problems` holds every one that was found. */
export class BadInput extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'BadInput';
    this.problems = problems;
  }
}
