/** Cells of one row as places in `bytes`; a quoted cell's place is inside its quotes. */
export interface CsvRow {
  readonly bytes: Uint8Array;
  /** From 1, counting every line of the file. */
  readonly line: number;
  readonly cells: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** 1 where the cell holds doubled quotes. */
  readonly escaped: Uint8Array;
}

const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;
const MOST_CELLS = 65_536;
/** A row that is longer than this is no row of a table. */
const LONGEST_ROW = 64 << 20;

/**
 * Goes through CSV row by row (RFC 4180, lines ended by \n or \r\n) as it streams in. The separator is the one of comma, semicolon and tab
 * that the first line has most of. Empty lines are skipped. The row given to `onRow` is valid during that call only.
 */
export async function forEachCsvRow(chunks: AsyncIterable<Uint8Array>, onRow: (row: CsvRow) => void): Promise<void> {
  const reader = csvReader(onRow);
  for await (const chunk of chunks) reader.push(chunk);
  reader.end();
}

function csvReader(onRow: (row: CsvRow) => void): { push: (chunk: Uint8Array) => void; end: () => void } {
  const from = new Int32Array(MOST_CELLS);
  const to = new Int32Array(MOST_CELLS);
  const escaped = new Uint8Array(MOST_CELLS);
  let left: Uint8Array = new Uint8Array(0);
  let separator = 0;
  let line = 1;

  /** Takes the complete rows of `bytes`; returns where the first incomplete one begins. */
  function take(bytes: Uint8Array): number {
    let begin = 0;
    while (begin < bytes.length) {
      let at = begin;
      let cells = 0;
      let newlines = 0;
      let complete = false;
      while (!complete) {
        let doubled = 0;
        let start = at;
        let end = -1;
        if (bytes[at] === QUOTE) {
          start = ++at;
          for (; at < bytes.length; at++) {
            if (bytes[at] === NEWLINE) newlines++;
            if (bytes[at] !== QUOTE) continue;
            if (bytes[at + 1] !== QUOTE) break;
            doubled = 1;
            at++;
          }
          end = at;
          if (at < bytes.length) at++;
        }
        while (at < bytes.length && bytes[at] !== separator && bytes[at] !== NEWLINE) at++;
        if (at >= bytes.length) return begin;
        complete = bytes[at] === NEWLINE;
        if (end < 0) end = complete && at > start && bytes[at - 1] === RETURN ? at - 1 : at;
        if (cells >= MOST_CELLS) throw new RangeError(`line ${line} has more than ${MOST_CELLS} cells`);
        from[cells] = start;
        to[cells] = end;
        escaped[cells] = doubled;
        cells++;
        at++;
      }
      if (!(cells === 1 && from[0] === to[0])) onRow({ bytes, line, cells, from, to, escaped });
      line += newlines + 1;
      begin = at;
    }
    return begin;
  }

  function feed(chunk: Uint8Array): void {
    const bytes = left.length === 0 ? chunk : joined(left, chunk);
    if (separator === 0) {
      const end = bytes.indexOf(NEWLINE);
      if (end < 0) return void (left = bytes.slice());
      separator = separatorOf(bytes.subarray(0, end));
    }
    const begin = take(bytes);
    left = bytes.slice(begin);
    if (left.length > LONGEST_ROW)
      throw new RangeError(`line ${line} is longer than ${LONGEST_ROW} bytes, or a quote in it is never closed`);
  }

  let isFirst = true;
  return {
    push(chunk) {
      const hasMark = isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
      isFirst = false;
      feed(hasMark ? chunk.subarray(3) : chunk);
    },
    end() {
      if (left.length > 0) feed(Uint8Array.of(NEWLINE));
      if (left.length > 0) throw new RangeError(`line ${line}: a quote is opened and never closed`);
    },
  };
}

/** The text of a cell. */
export function cellText(row: CsvRow, cell: number): string {
  const text = new TextDecoder().decode(row.bytes.subarray(row.from[cell], row.to[cell]));
  return row.escaped[cell] === 1 ? text.replaceAll('""', '"') : text;
}

function separatorOf(header: Uint8Array): number {
  const candidates = [44, 59, 9];
  const counts = candidates.map((c) => header.reduce((n, b) => (b === c ? n + 1 : n), 0));
  return candidates[counts.indexOf(Math.max(...counts))]!;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
