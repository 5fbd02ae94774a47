// The inner loops of training, in AssemblyScript: `node scripts/build-kernels.mjs` compiles them into wasm-bytes.ts. js.ts has the same functions
// in JavaScript. All pointers are byte offsets into the one memory; a cell of a histogram is a pair of float64: sum of gradients, sum of weights.

/** Rows copied ahead of being added up: a short loop keeps many cache misses in flight. */
const BLOCK: usize = 64;
const CELL: usize = 16;

/** Bytes of one feature's cells: 64 bins for u8, 256 for u32. The type carries it, because offsets must be known when this is compiled. */
// @ts-ignore: decorator
@inline
function sizeOf<Bins>(): usize {
  return 64 * CELL * sizeof<Bins>();
}

/** Adds rows to a histogram; gradients are float64, or pairs with weights where `weighted`. */
// @ts-ignore: decorator
@inline
function addRows<Bins>(rows: usize, n: i32, cells: usize, width: usize, gradient: usize, to: usize, scratch: usize, weighted: bool): void {
  const end = rows + ((<usize>n) << 2);
  const past = to + width * sizeOf<Bins>();
  const copies = scratch + BLOCK * 16;
  let x = f64x2(0, 1);
  while (rows < end) {
    const stop = min(rows + BLOCK * 4, end);
    let into = copies;
    let pair = scratch;
    while (rows < stop) {
      const i = <usize>load<i32>(rows);
      if (weighted) v128.store(pair, v128.load(gradient + (i << 4)));
      else store<u64>(pair, load<u64>(gradient + (i << 3)));
      let from = cells + i * width;
      const over = into + width;
      do {
        store<u64>(into, load<u64>(from));
        from += 8;
        into += 8;
      } while (into < over);
      pair += weighted ? 16 : 8;
      rows += 4;
    }
    let row = copies;
    pair = scratch;
    while (row < into) {
      x = weighted ? v128.load(pair) : f64x2.replace_lane(x, 0, load<f64>(pair));
      pair += weighted ? 16 : 8;
      let at = to;
      do {
        const w = load<u64>(row);
        let a = at + <usize>((w << 4) & 4080);
        v128.store(a, f64x2.add(v128.load(a, 0 * 1024 * sizeof<Bins>()), x), 0 * 1024 * sizeof<Bins>());
        a = at + <usize>((w >> 4) & 4080);
        v128.store(a, f64x2.add(v128.load(a, 1 * 1024 * sizeof<Bins>()), x), 1 * 1024 * sizeof<Bins>());
        a = at + <usize>((w >> 12) & 4080);
        v128.store(a, f64x2.add(v128.load(a, 2 * 1024 * sizeof<Bins>()), x), 2 * 1024 * sizeof<Bins>());
        a = at + <usize>((w >> 20) & 4080);
        v128.store(a, f64x2.add(v128.load(a, 3 * 1024 * sizeof<Bins>()), x), 3 * 1024 * sizeof<Bins>());
        a = at + <usize>((w >> 28) & 4080);
        v128.store(a, f64x2.add(v128.load(a, 4 * 1024 * sizeof<Bins>()), x), 4 * 1024 * sizeof<Bins>());
        a = at + <usize>((w >> 36) & 4080);
        v128.store(a, f64x2.add(v128.load(a, 5 * 1024 * sizeof<Bins>()), x), 5 * 1024 * sizeof<Bins>());
        a = at + <usize>((w >> 44) & 4080);
        v128.store(a, f64x2.add(v128.load(a, 6 * 1024 * sizeof<Bins>()), x), 6 * 1024 * sizeof<Bins>());
        a = at + <usize>((w >> 52) & 4080);
        v128.store(a, f64x2.add(v128.load(a, 7 * 1024 * sizeof<Bins>()), x), 7 * 1024 * sizeof<Bins>());
        row += 8;
        at += 8 * sizeOf<Bins>();
      } while (at < past);
    }
  }
}

export function add64(rows: usize, n: i32, cells: usize, width: usize, gradient: usize, to: usize, scratch: usize): void {
  addRows<u8>(rows, n, cells, width, gradient, to, scratch, false);
}

export function add256(rows: usize, n: i32, cells: usize, width: usize, gradient: usize, to: usize, scratch: usize): void {
  addRows<u32>(rows, n, cells, width, gradient, to, scratch, false);
}

export function addWeighted64(rows: usize, n: i32, cells: usize, width: usize, gradient: usize, to: usize, scratch: usize): void {
  addRows<u8>(rows, n, cells, width, gradient, to, scratch, true);
}

export function addWeighted256(rows: usize, n: i32, cells: usize, width: usize, gradient: usize, to: usize, scratch: usize): void {
  addRows<u32>(rows, n, cells, width, gradient, to, scratch, true);
}

/** parent -= child; `bytes` is a multiple of 64. */
export function subtract(parent: usize, child: usize, bytes: usize): void {
  const end = parent + bytes;
  while (parent < end) {
    v128.store(parent, f64x2.sub(v128.load(parent), v128.load(child)));
    v128.store(parent, f64x2.sub(v128.load(parent, 16), v128.load(child, 16)), 16);
    v128.store(parent, f64x2.sub(v128.load(parent, 32), v128.load(child, 32)), 32);
    v128.store(parent, f64x2.sub(v128.load(parent, 48), v128.load(child, 48)), 48);
    parent += 64;
    child += 64;
  }
}

/** The gradients of all rows of a leaf move by `by` times their weight: what that does to the histogram of all rows. */
export function moveLeaf(root: usize, leaf: usize, bytes: usize, by: f64): void {
  const end = root + bytes;
  while (root < end) {
    store<f64>(root, load<f64>(root) + by * load<f64>(leaf, 8));
    store<f64>(root, load<f64>(root, 16) + by * load<f64>(leaf, 24), 16);
    store<f64>(root, load<f64>(root, 32) + by * load<f64>(leaf, 40), 32);
    store<f64>(root, load<f64>(root, 48) + by * load<f64>(leaf, 56), 48);
    root += 64;
    leaf += 64;
  }
}

/** One pass over the bins of two features, a lane each: better splits take the place of `best` and `bin` in `state`. */
// @ts-ignore: decorator
@inline
function scanPair(at: usize, size: usize, bins: i32, sums: v128, weights: v128, sum: f64, weight: f64, least: f64, lambda: f64, state: usize): void {
  const lambdas = f64x2.splat(lambda);
  const leasts = f64x2.splat(least);
  const allSum = f64x2.splat(sum);
  const allWeight = f64x2.splat(weight);
  let best = v128.load(state);
  let bin = v128.load(state + 16);
  let now = f64x2.splat(0);
  let leftSum = sums;
  let leftWeight = weights;
  for (let b = 0; b < bins; b++) {
    const one = v128.load(at);
    const two = v128.load(at + size);
    leftSum = f64x2.add(leftSum, v128.shuffle<f64>(one, two, 0, 2));
    leftWeight = f64x2.add(leftWeight, v128.shuffle<f64>(one, two, 1, 3));
    const rightSum = f64x2.sub(allSum, leftSum);
    const rightWeight = f64x2.sub(allWeight, leftWeight);
    const left = f64x2.add(leftWeight, lambdas);
    const right = f64x2.add(rightWeight, lambdas);
    const over = f64x2.add(f64x2.mul(f64x2.mul(leftSum, leftSum), right), f64x2.mul(f64x2.mul(rightSum, rightSum), left));
    const score = f64x2.div(over, f64x2.mul(left, right));
    const better = v128.and(f64x2.gt(score, best), f64x2.ge(f64x2.pmin(leftWeight, rightWeight), leasts));
    best = v128.bitselect(score, best, better);
    bin = v128.bitselect(now, bin, better);
    now = f64x2.add(now, f64x2.splat(1));
    at += CELL;
  }
  v128.store(state, best);
  v128.store(state + 16, bin);
}

/**
 * The best split of each feature into `out` (score f64, bin i32, missing left i32; bin -1 = none). `width` is even; `shape` holds a pair of u16 per
 * feature: bins of values, whether there are missing ones (in the bin after them). Ties go to the lowest bin, then to missing on the right.
 */
export function scan(h: usize, size: usize, width: i32, shape: usize, sum: f64, weight: f64, least: f64, lambda: f64, out: usize, scratch: usize): void {
  const none = f64x2.splat(0);
  for (let f = 0; f < width; f += 2) {
    const one = <i32>load<u16>(shape);
    const two = <i32>load<u16>(shape + 4);
    const missingOne = load<u16>(shape + 2) !== 0;
    const missingTwo = load<u16>(shape + 6) !== 0;
    const bins = max(one, two);
    v128.store(scratch, f64x2.splat(-1));
    v128.store(scratch + 16, f64x2.splat(-1));
    scanPair(h, size, bins, none, none, sum, weight, least, lambda, scratch);
    const before = v128.load(scratch);
    if (missingOne || missingTwo) {
      const first = missingOne ? v128.load(h + ((<usize>one) << 4)) : none;
      const second = missingTwo ? v128.load(h + size + ((<usize>two) << 4)) : none;
      scanPair(h, size, bins, v128.shuffle<f64>(first, second, 0, 2), v128.shuffle<f64>(first, second, 1, 3), sum, weight, least, lambda, scratch);
    }
    const best = v128.load(scratch);
    const bin = v128.load(scratch + 16);
    store<f64>(out, f64x2.extract_lane(best, 0));
    store<i32>(out + 8, <i32>f64x2.extract_lane(bin, 0));
    store<i32>(out + 12, i32(f64x2.extract_lane(best, 0) > f64x2.extract_lane(before, 0)));
    store<f64>(out + 16, f64x2.extract_lane(best, 1));
    store<i32>(out + 24, <i32>f64x2.extract_lane(bin, 1));
    store<i32>(out + 28, i32(f64x2.extract_lane(best, 1) > f64x2.extract_lane(before, 1)));
    out += 32;
    h += 2 * size;
    shape += 8;
  }
}

/** Stable partition of rows in place: those whose cell has 4 in `table` come first, those with 0 after them; returns how many came first. */
export function partition(rows: usize, n: i32, column: usize, table: usize, scratch: usize): i32 {
  const end = rows + ((<usize>n) << 2);
  let left = rows;
  let right = scratch;
  for (let p = rows; p < end; p += 4) {
    const i = load<i32>(p);
    const step = <usize>load<u8>(table + <usize>load<u8>(column + <usize>i));
    store<i32>(left, i);
    store<i32>(right, i);
    left += step;
    right += 4 - step;
  }
  memory.copy(left, scratch, right - scratch);
  return <i32>((left - rows) >> 2);
}

/** Adds `by` to a value of each row. */
export function move(rows: usize, n: i32, values: usize, by: f64): void {
  const end = rows + ((<usize>n) << 2);
  for (; rows < end; rows += 4) {
    const at = values + ((<usize>load<i32>(rows)) << 3);
    store<f64>(at, load<f64>(at) + by);
  }
}

/** Adds `by` times its weight to the gradient of each row, in pairs of gradient and weight. */
export function moveWeighted(rows: usize, n: i32, pairs: usize, by: f64): void {
  const end = rows + ((<usize>n) << 2);
  for (; rows < end; rows += 4) {
    const at = pairs + ((<usize>load<i32>(rows)) << 4);
    store<f64>(at, load<f64>(at) + by * load<f64>(at + 8));
  }
}

/** Takes `by` from the residual of each row; the gradient is `above` where the residual is at most 0, else `below`. Writes the rows whose gradient changed to `flipped` and returns how many. */
export function moveSign(rows: usize, n: i32, residual: usize, gradient: usize, by: f64, above: f64, below: f64, flipped: usize): i32 {
  const end = rows + ((<usize>n) << 2);
  let to = flipped;
  for (; rows < end; rows += 4) {
    const i = load<i32>(rows);
    const at = (<usize>i) << 3;
    const before = load<f64>(residual + at);
    const after = before - by;
    store<f64>(residual + at, after);
    store<f64>(gradient + at, after <= 0 ? above : below);
    store<i32>(to, i);
    to += (before <= 0) !== (after <= 0) ? 4 : 0;
  }
  return <i32>((to - flipped) >> 2);
}

/** The k-th smallest (from 0) of the values of some rows, which are gathered in `scratch` first; afterwards the greater ones lie behind it there. */
export function select(rows: usize, n: i32, values: usize, k: i32, scratch: usize): f64 {
  for (let i = 0; i < n; i++) {
    store<f64>(scratch + ((<usize>i) << 3), load<f64>(values + ((<usize>load<i32>(rows + ((<usize>i) << 2))) << 3)));
  }
  const wanted = scratch + ((<usize>k) << 3);
  let low = scratch;
  let high = scratch + ((<usize>(n - 1)) << 3);
  while (high > low) {
    const first = load<f64>(low);
    const last = load<f64>(high);
    let pivot = load<f64>(low + (((high - low) >> 4) << 3));
    pivot = max(min(first, last), min(max(first, last), pivot));
    let i = low;
    let j = high;
    do {
      while (load<f64>(i) < pivot) i += 8;
      while (load<f64>(j) > pivot) j -= 8;
      if (i <= j) {
        const swapped = load<f64>(i);
        store<f64>(i, load<f64>(j));
        store<f64>(j, swapped);
        i += 8;
        j -= 8;
      }
    } while (i <= j);
    if (wanted <= j) high = j;
    else if (wanted >= i) low = i;
    else break;
  }
  return load<f64>(wanted);
}
