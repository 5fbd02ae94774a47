import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

export type Delimiter = ',' | ';' | '\t';

/** What a file's first line is cut by: whichever of comma, semicolon and tab it has most of. */
export function delimiterOf(header: string): Delimiter {
  const count = (d: Delimiter) => header.split(d).length;
  return ([',', ';', '\t'] as const).reduce((a, b) => (count(b) > count(a) ? b : a));
}

/** One line of a CSV file as cells; quotes may enclose delimiters and doubled quotes, not line breaks. */
export function cellsOf(line: string, delimiter: Delimiter): string[] {
  if (!line.includes('"')) return line.split(delimiter);
  const cells: string[] = [];
  let [cell, quoted] = ['', false];
  for (let i = 0; i < line.length; i++) {
    const c = line[i] ?? '';
    if (c === '"' && quoted && line[i + 1] === '"') cell += line[++i] ?? '';
    else if (c === '"') quoted = !quoted;
    else if (c === delimiter && !quoted) [cell] = ['', cells.push(cell)];
    else cell += c;
  }
  return [...cells, cell];
}

/** Lines of a CSV file, compressed or not, with their numbers from 1. Throws the file's own error, or one that says its gzip is damaged. */
export async function* linesOf(file: string): AsyncGenerator<{ line: string; number: number }> {
  const zipped = await isGzip(file);
  const bytes = createReadStream(file);
  const input = zipped ? bytes.pipe(createGunzip()) : bytes;
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

/** Told by its first bytes; a pipe can be read only once, so there its name must tell. */
async function isGzip(file: string): Promise<boolean> {
  if (!(await stat(file)).isFile()) return file.endsWith('.gz');
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}
