import { randomFrom } from '../../../learning/random.ts';
import type { Table } from '../../../learning/tasks/table.ts';
import type { RowCase } from './row-cases.ts';

export interface Split {
  /** What may be learned from. */
  readonly train: Table;
  /** 1 for rows of the whole table whose target is judged. */
  readonly judged: Uint8Array;
}

/** Gaps in the definition of the validation parts. */
const GAP_MS = { mlo: 270_000, 'last-4h': 300_000 } as const;
const FOUR_HOURS_MS = 4 * 3_600_000;

/** The validation part as the reference errors were measured on it. `draw` tells random quarters apart. */
export function splitTable(table: Table, how: RowCase['split'], draw: number): Split {
  switch (how) {
    case 'mlo':
      return byTime(table, (times) => ({ from: times[times.length - Math.floor((times.length * 15) / 70)]!, gapMs: GAP_MS.mlo }));
    case 'last-4h':
      return byTime(table, (times) => ({ from: times.at(-1)! - FOUR_HOURS_MS, gapMs: GAP_MS['last-4h'] }));
    case 'last-fifth':
      return byTime(table, (times) => ({ from: times[times.length - Math.floor(times.length / 5)]!, gapMs: 0 }));
    case 'grouped-quarter':
      return byGroup(table, draw);
  }
}

/** Cuts each series at its own time; the gap is taken from the judged part. */
function byTime(table: Table, cutOf: (times: Float64Array) => { from: number; gapMs: number }): Split {
  const timeMs = table.timeMs!;
  const cuts = table.groups.map((_, g) => cutOf(timeMs.filter((_, i) => table.group[i] === g).sort()));
  const judged = Uint8Array.from({ length: table.n }, (_, i) => {
    const { from, gapMs } = cuts[table.group[i]!]!;
    return timeMs[i]! >= from + gapMs ? 1 : 0;
  });
  return { train: pickTable(table, (i) => timeMs[i]! < cuts[table.group[i]!]!.from), judged };
}

function byGroup(table: Table, draw: number): Split {
  const random = randomFrom(1000 + draw);
  const splitBy = table.splitBy!;
  const held = new Map([...new Set(splitBy)].map((g) => [g, random()]));
  const sorted = [...held.values()].sort((a, b) => a - b);
  const limit = sorted[Math.floor(sorted.length / 4)]!;
  const judged = Uint8Array.from(splitBy, (g) => (held.get(g)! < limit ? 1 : 0));
  return { train: pickTable(table, (i) => judged[i] === 0), judged };
}

export function pickTable(table: Table, include: (row: number) => boolean): Table {
  const rows = Int32Array.from({ length: table.n }, (_, i) => i).filter(include);
  const numbers = (values: Float64Array): Float64Array => Float64Array.from(rows, (i) => values[i]!);
  return {
    n: rows.length,
    group: rows.map((i) => table.group[i]!),
    groups: table.groups,
    columns: new Map([...table.columns].map(([name, values]) => [name, Float32Array.from(rows, (i) => values[i]!)])),
    ...(table.timeMs ? { timeMs: numbers(table.timeMs) } : {}),
    ...(table.timeFormat ? { timeFormat: table.timeFormat } : {}),
    ...(table.target ? { target: numbers(table.target) } : {}),
    ...(table.splitBy ? { splitBy: rows.map((i) => table.splitBy![i]!) } : {}),
  };
}
