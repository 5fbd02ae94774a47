import { bridge } from './rolling.ts';
import type { Table } from './table.ts';

/** A stretch of one group on a regular grid. Tick k is the time `startMs + k * stepMs`; NaN = no value. */
export interface Series {
  readonly group: number;
  readonly startMs: number;
  readonly stepMs: number;
  readonly ticks: number;
  /** What to learn, never bridged; absent where the file need not have it. */
  readonly target?: Float32Array;
  /** Inputs by column, the target among them where it is one: the last known value stands in for `bridgeTicks`. */
  readonly bridged: ReadonlyMap<string, Float32Array>;
  /** Input row whose values a tick carries; -1 = none. */
  readonly rowOf: Int32Array;
  /** Input rows that fell on a tick which a later row took over: of the same time, or of one nearer than a step. */
  readonly superseded: readonly { readonly row: number; readonly tick: number }[];
}

export interface GridOptions {
  readonly stepMs: number;
  readonly inputs: ReadonlyMap<string, ArrayLike<number>>;
  readonly bridgeTicks: number;
  /** A stretch without rows that is longer begins a new series: nothing reaches across it, and it costs no memory. */
  readonly breakTicks: number;
}

/**
 * Lays rows out on a grid that begins at the first row of each stretch. Rows may come in any order. A row is on the nearest tick; of several on
 * one tick the latest counts, of several at one time the last in the file.
 */
export function toSeries(table: Table, options: GridOptions): Series[] {
  const { timeMs } = table;
  if (!timeMs) throw new RangeError('a grid needs times');
  const order = Int32Array.from({ length: table.n }, (_, i) => i);
  // The sort is stable, so rows of one time stay in the order of the file.
  if (!isOrdered(table, timeMs)) order.sort((a, b) => table.group[a]! - table.group[b]! || timeMs[a]! - timeMs[b]! || a - b);
  const found: Series[] = [];
  let from = 0;
  for (let i = 1; i <= order.length; i++) {
    const isEnd = i === order.length || table.group[order[i]!] !== table.group[order[i - 1]!];
    if (!isEnd && timeMs[order[i]!]! - timeMs[order[i - 1]!]! <= options.breakTicks * options.stepMs) continue;
    found.push(layOut(table, order.subarray(from, i), options));
    from = i;
  }
  return found;
}

function isOrdered(table: Table, timeMs: Float64Array): boolean {
  for (let i = 1; i < table.n; i++) {
    const groups = table.group[i]! - table.group[i - 1]!;
    if (groups < 0 || (groups === 0 && timeMs[i]! < timeMs[i - 1]!)) return false;
  }
  return true;
}

function layOut(table: Table, rows: Int32Array, { stepMs, inputs, bridgeTicks }: GridOptions): Series {
  const timeMs = table.timeMs!;
  const startMs = timeMs[rows[0]!]!;
  const tickOf = (row: number): number => Math.round((timeMs[row]! - startMs) / stepMs);
  const ticks = tickOf(rows.at(-1)!) + 1;
  const rowOf = new Int32Array(ticks).fill(-1);
  const superseded: { row: number; tick: number }[] = [];
  for (const row of rows) {
    const tick = tickOf(row);
    if (rowOf[tick]! >= 0) superseded.push({ row: rowOf[tick]!, tick });
    rowOf[tick] = row;
  }
  const onGrid = (values: ArrayLike<number>): Float32Array => {
    const out = new Float32Array(ticks).fill(NaN);
    for (let tick = 0; tick < ticks; tick++) if (rowOf[tick]! >= 0) out[tick] = values[rowOf[tick]!]!;
    return out;
  };
  const bridged = new Map([...inputs].map(([name, values]) => [name, bridge(onGrid(values), bridgeTicks)]));
  const target = table.target ? { target: onGrid(table.target) } : {};
  return { group: table.group[rows[0]!]!, startMs, stepMs, ticks, ...target, bridged, rowOf, superseded };
}
