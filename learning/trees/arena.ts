import { findBounds } from './bounds.ts';
import type { Bounds, Matrix } from './bounds.ts';
import { writeCells } from './cells.ts';
import { CELL } from './kernels/kernels.ts';
import type { KernelKind, Kernels } from './kernels/kernels.ts';
import { openKernels } from './kernels/wasm.ts';

export interface ArenaOptions {
  /** Bins of a feature, the missing one included, at most 256; above 64 training takes longer. */
  readonly bins: number;
  /** Histograms alive at a time. */
  readonly histograms: number;
  /** Ensembles that grow side by side on subsets of the rows. */
  readonly places: number;
  readonly isWeighted: boolean;
  /** The loss looks at the sign of a residual only, which is kept beside its gradient. */
  readonly isSign: boolean;
  readonly kernels: KernelKind;
}

/** Where one ensemble keeps what is its own; byte offsets. */
export interface Place {
  readonly rows: number;
  readonly gradient: number;
  readonly residual: number;
  /** Histogram of all rows it learns from. */
  readonly root: number;
}

/** Rows in bins, and the memory that training works in: laid out once, so that views stay valid. */
export interface Arena extends Bounds {
  readonly kernels: Kernels;
  readonly n: number;
  readonly width: number;
  /** Features by row, padded to a multiple of 8. */
  readonly padded: number;
  /** Bytes of one feature's cells, and of a histogram. */
  readonly size: number;
  readonly bytes: number;
  readonly at: {
    readonly cells: number;
    readonly columns: number;
    readonly table: number;
    readonly shape: number;
    readonly out: number;
    readonly scratch: number;
    /** 8 bytes a row. */
    readonly spare: number;
    /** 4 bytes a row; only where the loss looks at signs. */
    readonly flipped: number;
    readonly pool: number;
  };
  readonly places: readonly Place[];
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
}

/** Bins the rows. Throws RangeError for no bins and for more than 4 GiB. */
export function openArena(matrix: Matrix, options: ArenaOptions): Arena {
  if (!(options.bins >= 3 && options.bins <= 256)) throw new RangeError(`bins: from 3 to 256, got ${options.bins}`);
  const bins = options.bins <= 64 ? 64 : 256;
  const { n, width } = matrix;
  const padded = Math.ceil(width / 8) * 8;
  const size = bins * CELL;
  const bytes = padded * size;
  const { take, taken } = openLayout();
  const at = {
    cells: take(n * padded),
    columns: take(n * width),
    table: take(256),
    shape: take(padded * 4),
    out: take(padded * CELL),
    scratch: take(64 * (padded + CELL)),
    spare: take(n * 8 + 64),
    flipped: options.isSign ? take(n * 4 + 64) : 0,
    pool: take(bytes * options.histograms),
  };
  const places = Array.from({ length: options.places }, () => ({
    rows: take(n * 4),
    gradient: take(n * (options.isWeighted ? 16 : 8)),
    residual: options.isSign ? take(n * 8) : 0,
    root: take(bytes),
  }));
  const kernels = openKernels({ bytes: taken(), bins, isWeighted: options.isWeighted }, options.kernels);
  const { buffer } = kernels;
  const found = findBounds(matrix, options.bins);
  const cells = { byRow: new Uint8Array(buffer, at.cells, n * padded), padded, byColumn: new Uint8Array(buffer, at.columns, n * width) };
  writeCells(matrix, found, cells);
  const shape = new Uint16Array(buffer, at.shape, padded * 2).fill(1);
  for (let f = 0; f < padded; f++) {
    shape[2 * f] = (found.bounds[f]?.length ?? 0) + 1;
    shape[2 * f + 1] = found.hasMissing[f] ?? 0;
  }
  const views = { f64: new Float64Array(buffer), i32: new Int32Array(buffer), u8: new Uint8Array(buffer) };
  return { ...found, kernels, n, width, padded, size, bytes, at, places, ...views };
}

/** Hands out stretches of a memory, each at a multiple of 128 bytes; the first is left free. */
function openLayout(): { take(bytes: number): number; taken(): number } {
  let next = 1024;
  return {
    take(bytes) {
      const at = next;
      next = Math.ceil((next + bytes) / 128) * 128;
      return at;
    },
    taken: () => next,
  };
}
