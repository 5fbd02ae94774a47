import { BadInput } from '../../learning/tasks/table.ts';
import type { Table, Want } from '../../learning/tasks/table.ts';
import { parseTime } from '../../learning/tasks/time-format.ts';
import { cellText, forEachCsvRow } from './csv-rows.ts';
import type { CsvRow } from './csv-rows.ts';
import { numberIn } from './number-bytes.ts';
import { openUnpacked } from './open-unpacked.ts';
import { readParquetInto } from './parquet-columns.ts';
import { tableBuilder } from './table-builder.ts';
import type { Cell, RowTaker, TableBuilder } from './table-builder.ts';

/**
 * Reads CSV (separated by comma, semicolon or tab), CSV.gz and Parquet, told apart by their first bytes, into one table. It streams: what stays
 * in memory is four bytes per number of the columns asked for. Throws BadInput listing every problem with file and line.
 */
export async function readTable(files: readonly string[], want: Want): Promise<Table> {
  const builder = tableBuilder(want);
  for (const file of files) {
    try {
      await readFile(file, builder);
    } catch (error) {
      if (error instanceof BadInput) throw error;
      builder.problem(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return builder.table();
}

async function readFile(file: string, builder: TableBuilder): Promise<void> {
  const { magic, bytes } = await openUnpacked(file);
  if (magic.toString('latin1') === 'PAR1') return await readParquetInto(file, builder);
  await readCsv(file, bytes, builder);
}

async function readCsv(file: string, bytes: AsyncIterable<Uint8Array>, builder: TableBuilder): Promise<void> {
  let taker: RowTaker | undefined;
  let width = -1;
  const cell = csvCell();
  const cells = (column: number): Cell => cell.at(column);
  await forEachCsvRow(bytes, (row) => {
    if (width < 0) {
      const header = Array.from({ length: row.cells }, (_, i) => cellText(row, i).trim());
      width = header.length;
      taker = builder.file(file, header);
      return;
    }
    if (!taker) return;
    if (row.cells !== width) return builder.problem(`${file}:${row.line}: ${row.cells} cells, the header has ${width}`);
    cell.use(row);
    taker.take(cells, () => `${file}:${row.line}`);
  });
  if (width < 0) builder.problem(`${file}: the file is empty; not even a header`);
}

function csvCell(): { use: (row: CsvRow) => void; at: (column: number) => Cell } {
  let row: CsvRow;
  let column = 0;
  const cell: Cell = {
    number: () => numberIn(row.bytes, row.from[column]!, row.to[column]!),
    text: () => cellText(row, column),
    time: () => parseTime(cellText(row, column)),
  };
  return {
    use: (next) => void (row = next),
    at(next) {
      column = next;
      return cell;
    },
  };
}
