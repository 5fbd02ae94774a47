import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import type { Compressors } from 'hyparquet';
import { asyncBufferFromFile } from 'hyparquet/src/node.js';
import { parseTime, timeOfNumber } from '../../learning/tasks/time-format.ts';
import type { ParsedTime } from '../../learning/tasks/time-format.ts';
import { numberOfText } from './number-bytes.ts';
import type { Cell, TableBuilder } from './table-builder.ts';

/** What Node unpacks by itself; Snappy is the reader's own. */
const compressors: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
};
/** Rows that are in memory as plain values at a time. */
const BLOCK = 16_384;

/** Reads the columns a table needs, block by block. Nested columns are no columns of a table and are not offered. */
export async function readParquetInto(file: string, builder: TableBuilder): Promise<void> {
  const buffer = await asyncBufferFromFile(file);
  const metadata = await parquetMetadataAsync(buffer);
  const header = parquetSchema(metadata)
    .children.filter((child) => child.children.length === 0)
    .map((child) => child.element.name);
  const taker = builder.file(file, header);
  if (!taker) return;
  const columns = taker.wanted.map((at) => header[at]!);
  const placeOf = new Map(taker.wanted.map((at, i) => [at, i]));
  const cell = valueCell();
  const rows = Number(metadata.num_rows);
  for (let rowStart = 0; rowStart < rows; rowStart += BLOCK) {
    const rowEnd = Math.min(rows, rowStart + BLOCK);
    await parquetRead({
      file: buffer,
      metadata,
      columns,
      rowStart,
      rowEnd,
      compressors,
      onComplete: (block: unknown[][]) =>
        block.forEach((values, i) =>
          taker.take(
            (at) => cell(values[placeOf.get(at)!]),
            () => `${file}: row ${rowStart + i}`,
          ),
        ),
    });
  }
}

function valueCell(): (value: unknown) => Cell {
  let value: unknown;
  const cell: Cell = { number: () => numberOf(value), text: () => textOf(value), time: () => timeOf(value) };
  return (next) => {
    value = next;
    return cell;
  };
}

function numberOf(value: unknown): number | undefined {
  if (value === null || value === undefined) return NaN;
  if (typeof value === 'number') return Number.isFinite(value) ? value : NaN;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' ? numberOfText(value) : undefined;
}

function timeOf(value: unknown): ParsedTime | undefined {
  if (value instanceof Date) return { ms: value.getTime(), format: { kind: 'iso', between: 'T', zone: 'Z', seconds: true, fraction: 0 } };
  if (typeof value === 'number' || typeof value === 'bigint') return timeOfNumber(Number(value));
  return typeof value === 'string' ? parseTime(value) : undefined;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return value instanceof Date ? value.toISOString() : String(value);
}
