import { isConstant, seriesColumns, seriesQuery } from '../../domain/series-query.ts';
import type { Ask } from './ask.ts';
import { discover, valuesOf } from './discover.ts';
import { inParallel } from './in-parallel.ts';
import { isUnknown, type Unknown, unknown } from './unknown.ts';

export interface CollectPlan {
  readonly selectors: readonly string[];
  /** Columns that are kept whatever they hold. */
  readonly queries: readonly { readonly column: string; readonly query: string }[];
  /** Epoch ms of the first row, and of the last at most. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly keepConstant: boolean;
  readonly progress: (line: string) => void;
}

export interface Column {
  readonly column: string;
  readonly query: string;
  /** Beside the times; NaN: no sample. */
  readonly values: Float64Array;
}

export interface Collected {
  readonly timesMs: Float64Array;
  readonly columns: readonly Column[];
  /** Series that matched a selector. */
  readonly matched: number;
  /** Queries of those that were left out: the same in every sample, and without any. */
  readonly constant: readonly string[];
  readonly empty: readonly string[];
}

const PARALLEL = 4;
/** Values held at once. */
const CELLS_MAX = 50_000_000;
/** A rate needs a few samples of its series; so does a value that may have come a little before its row. */
const STEPS_BACK = 4;
const REPORT_EVERY = 500;

/** Reads every series that the selectors match, and leaves out those that say nothing. One query that fails fails all: a table with holes in it would mislead. */
export async function collect(ask: Ask, plan: CollectPlan): Promise<Collected | Unknown> {
  const rows = Math.floor((plan.endMs - plan.startMs) / plan.stepMs) + 1;
  const found = await discover(ask, plan.selectors, plan);
  if (isUnknown(found)) return found;
  if (found.length * rows > CELLS_MAX)
    return unknown('too-large', `${found.length} series of ${rows} rows are too many at once; say more in the selectors, or a longer step`);
  const names = seriesColumns(found);
  const lookbackS = (STEPS_BACK * plan.stepMs) / 1000;
  const asked = [
    ...plan.queries,
    ...found.map((labels, i) => ({ column: names[i] ?? '', query: seriesQuery(labels, Math.max(1, Math.round(lookbackS))) })),
  ];
  const values = await readAll(ask, asked, { ...plan, lookbackS });
  if (isUnknown(values)) return values;
  return sorted(asked, values, { ...plan, rows, matched: found.length });
}

async function readAll(
  ask: Ask,
  asked: readonly { readonly query: string }[],
  plan: CollectPlan & { lookbackS: number },
): Promise<readonly Float64Array[] | Unknown> {
  const values: Float64Array[] = [];
  let failed: Unknown | undefined;
  let done = 0;
  await inParallel([...asked.entries()], PARALLEL, async ([i, { query }]) => {
    if (failed) return;
    const answer = await valuesOf(ask, query, plan);
    if (isUnknown(answer)) failed = { ...answer, why: `${query}: ${answer.why}` };
    else values[i] = answer;
    if (++done % REPORT_EVERY === 0) plan.progress(`${done} of ${asked.length} series read`);
  });
  return failed ?? values;
}

function sorted(
  asked: readonly { readonly column: string; readonly query: string }[],
  values: readonly Float64Array[],
  plan: CollectPlan & { rows: number; matched: number },
): Collected {
  const columns: Column[] = [];
  const constant: string[] = [];
  const empty: string[] = [];
  for (const [i, { column, query }] of asked.entries()) {
    const own = values[i] ?? new Float64Array(0);
    const wanted = i < plan.queries.length;
    if (!wanted && own.every(Number.isNaN)) empty.push(query);
    else if (!wanted && !plan.keepConstant && isConstant(own)) constant.push(query);
    else columns.push({ column, query, values: own });
  }
  const timesMs = Float64Array.from({ length: plan.rows }, (_, i) => plan.startMs + i * plan.stepMs);
  return { timesMs, columns, matched: plan.matched, constant, empty };
}
