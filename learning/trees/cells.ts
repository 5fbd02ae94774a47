import type { Bounds, Matrix } from './bounds.ts';

export interface Cells {
  /** `[n][padded]`: the bins of a row side by side; the padding is 0. */
  readonly byRow: Uint8Array;
  readonly padded: number;
  /** `[width][n]` */
  readonly byColumn: Uint8Array;
}

const GRID = 512;
const BLOCK = 512;

/** Writes the bin of every value: the number of the first bound that is not below it; a missing one has the bin after the last. */
export function writeCells(matrix: Matrix, { bounds }: Bounds, cells: Cells): void {
  const finders = bounds.map(openFinder);
  for (let from = 0; from < matrix.n; from += BLOCK) {
    const to = Math.min(matrix.n, from + BLOCK);
    for (let f = 0; f < matrix.width; f++) writeBlock(matrix, finders[f]!, { cells, f, from, to });
  }
}

interface Finder {
  readonly bounds: Float32Array;
  readonly low: number;
  readonly scale: number;
  /** Bounds that lie in lower squares of the grid than the values of each square. */
  readonly starts: Uint8Array;
}

function openFinder(bounds: Float32Array): Finder {
  const low = bounds[0] ?? 0;
  const scale = bounds.length > 1 ? (GRID - 1) / (bounds[bounds.length - 1]! - low) : 0;
  const starts = new Uint8Array(GRID);
  let b = 0;
  for (let square = 0; square < GRID; square++) {
    while (b < bounds.length && ((bounds[b]! - low) * scale) >> 0 < square) b++;
    starts[square] = b;
  }
  return { bounds, low, scale, starts };
}

function writeBlock(
  { rows, n, width }: Matrix,
  { bounds, low, scale, starts }: Finder,
  { cells, f, from, to }: { cells: Cells; f: number; from: number; to: number },
): void {
  const { byRow, padded, byColumn } = cells;
  const last = bounds.length - 1;
  const high = last < 0 ? Infinity : bounds[last]!;
  for (let i = from; i < to; i++) {
    const v = rows[i * width + f]!;
    let bin = 0;
    if (v > high) bin = last + 1;
    else if (v > low && last >= 0) {
      bin = starts[((v - low) * scale) >> 0]!;
      while (v > bounds[bin]!) bin++;
    } else if (v !== v) bin = last + 2;
    byRow[i * padded + f] = bin;
    byColumn[f * n + i] = bin;
  }
}
