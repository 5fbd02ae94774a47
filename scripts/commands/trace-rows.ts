import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** One line of a CSV file as cells; quotes may enclose commas and doubled quotes, not line breaks. */
export function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  let [cell, quoted] = ['', false];
  for (let i = 0; i < line.length; i++) {
    const c = line[i] ?? '';
    if (c === '"' && quoted && line[i + 1] === '"') cell += line[++i] ?? '';
    else if (c === '"') quoted = !quoted;
    else if (c === ',' && !quoted) [cell] = ['', cells.push(cell)];
    else cell += c;
  }
  return [...cells, cell];
}

/** Lines of a CSV file, compressed or not, with their numbers from 1. Throws the file's own error, or one that says it is no gzip. */
export async function* linesOf(file: string): AsyncGenerator<{ line: string; number: number }> {
  const bytes = createReadStream(file);
  const input = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  const failed = new Promise<never>((_, reject) => {
    bytes.on('error', reject);
    input.on('error', reject);
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (let number = 1; ; number++) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done) return;
    yield { line: next.value, number };
  }
}
