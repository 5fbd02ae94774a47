/**
 * The inner loops of training. All run on one memory and take byte offsets into it. A cell of a histogram is a pair of float64, sum of gradients
 * and sum of weights; the cells of a feature follow one another, `bins` of them.
 */
export interface Kernels {
  readonly buffer: ArrayBuffer;
  /** Adds the rows listed at `rows` to the histogram at `to`; `cells` is their bins by row, `width` bytes each. */
  add(rows: number, n: number, cells: number, width: number, gradient: number, to: number, scratch: number): void;
  subtract(parent: number, child: number, bytes: number): void;
  /** What it does to the histogram of all rows when the gradients of a leaf's rows move by `by` times their weights. */
  moveLeaf(root: number, leaf: number, bytes: number, by: number): void;
  /** The best split of each feature into `out`: score f64, bin i32 (-1 = none), missing left i32. */
  scan(
    histogram: number,
    size: number,
    width: number,
    shape: number,
    sum: number,
    weight: number,
    least: number,
    lambda: number,
    out: number,
    scratch: number,
  ): void;
  /** Stable, in place: rows whose cell has 4 in `table` first, then those with 0; returns how many came first. */
  partition(rows: number, n: number, column: number, table: number, scratch: number): number;
  move(rows: number, n: number, values: number, by: number): void;
  moveWeighted(rows: number, n: number, pairs: number, by: number): void;
  /** Returns how many gradients changed; their rows are at `flipped`. */
  moveSign(rows: number, n: number, residual: number, gradient: number, by: number, above: number, below: number, flipped: number): number;
  /** The k-th smallest value of some rows, from 0; the greater ones lie behind it in `scratch` afterwards. */
  select(rows: number, n: number, values: number, k: number, scratch: number): number;
}

export interface KernelShape {
  readonly bytes: number;
  readonly bins: 64 | 256;
  /** Gradients in pairs with weights. */
  readonly isWeighted: boolean;
}

/** Which kernels: both give the same model, bit by bit. */
export type KernelKind = 'wasm' | 'js';

/** Bytes of a cell. */
export const CELL = 16;
