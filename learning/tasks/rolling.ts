/** Window functions over a series with gaps. A window of `w` ticks ends at its tick and holds what is known in it; NaN where that is nothing. */

/** The last known value, at most `ticks` old. */
export function bridge(x: Float32Array, ticks: number): Float32Array {
  const out = x.slice();
  let age = Infinity;
  for (let t = 0; t < x.length; t++) {
    if (!Number.isNaN(x[t]!)) age = 0;
    else if (++age <= ticks) out[t] = out[t - 1]!;
  }
  return out;
}

/** The value `ticks` before; NaN before the beginning. */
export function lag(x: Float32Array, ticks: number): Float32Array {
  const out = new Float32Array(x.length).fill(NaN);
  if (ticks < x.length) out.set(x.subarray(0, x.length - ticks), ticks);
  return out;
}

export function rollingMean<T extends Float32Array | Float64Array>(x: T, w: number): T {
  const out = x.slice() as T;
  let sum = 0;
  let known = 0;
  for (let t = 0; t < x.length; t++) {
    if (!Number.isNaN(x[t]!)) {
      sum += x[t]!;
      known++;
    }
    const gone = t >= w ? x[t - w]! : NaN;
    if (!Number.isNaN(gone)) {
      sum -= gone;
      known--;
    }
    // Beginning again now and then keeps what rounding leaves behind out of a level that has fallen by orders of magnitude.
    if (t % 4096 === 4095) sum = sumOf(x, Math.max(0, t - w + 1), t);
    out[t] = known > 0 ? sum / known : NaN;
  }
  return out;
}

function sumOf(x: Float32Array | Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let t = from; t <= to; t++) if (!Number.isNaN(x[t]!)) sum += x[t]!;
  return sum;
}

export function rollingDeviation(x: Float32Array, w: number): Float32Array {
  // Around a first value, so that squares of large numbers do not cancel; not around the mean of all, which would know the future.
  const centre = x.find((v) => !Number.isNaN(v)) ?? 0;
  const off = Float64Array.from(x, (v) => v - centre);
  const mean = rollingMean(off, w);
  const squares = rollingMean(
    off.map((v) => v * v),
    w,
  );
  return Float32Array.from(squares, (s, t) => Math.sqrt(Math.max(0, s - mean[t]! ** 2)));
}

export function rollingMax(x: Float32Array, w: number): Float32Array {
  const out = new Float32Array(x.length);
  const queue = new Int32Array(x.length);
  let head = 0;
  let tail = 0;
  for (let t = 0; t < x.length; t++) {
    if (!Number.isNaN(x[t]!)) {
      while (tail > head && x[queue[tail - 1]!]! <= x[t]!) tail--;
      queue[tail++] = t;
    }
    while (tail > head && queue[head]! <= t - w) head++;
    out[t] = tail > head ? x[queue[head]!]! : NaN;
  }
  return out;
}

export function rollingMin(x: Float32Array, w: number): Float32Array {
  return rollingMax(
    x.map((v) => -v),
    w,
  ).map((v) => -v);
}

export function rollingMedian(x: Float32Array, w: number): Float32Array {
  const out = new Float32Array(x.length);
  const sorted = new Float32Array(w + 1);
  let n = 0;
  for (let t = 0; t < x.length; t++) {
    if (!Number.isNaN(x[t]!)) {
      const at = placeIn(sorted, n, x[t]!);
      sorted.copyWithin(at + 1, at, n++);
      sorted[at] = x[t]!;
    }
    const gone = t >= w ? x[t - w]! : NaN;
    if (!Number.isNaN(gone)) {
      const at = placeIn(sorted, n, gone);
      sorted.copyWithin(at, at + 1, n--);
    }
    out[t] = n === 0 ? NaN : n % 2 === 1 ? sorted[n >> 1]! : (sorted[n / 2 - 1]! + sorted[n / 2]!) / 2;
  }
  return out;
}

/** First place in the first `n` ascending values whose value is at least `value`. */
function placeIn(sorted: Float32Array, n: number, value: number): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
