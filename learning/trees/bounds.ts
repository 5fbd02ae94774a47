/** Where the bins of each feature end. */
export interface Bounds {
  /** Ascending float32 upper bounds of the bins of a feature, the last bin being open; `x <= bounds[b]` is the split after bin b. */
  readonly bounds: readonly Float32Array[];
  /** 1 where some value of the feature is missing: those have the bin after the last. */
  readonly hasMissing: Uint8Array;
}

export interface Matrix {
  /** `[n][width]`, NaN = missing. */
  readonly rows: Float32Array;
  readonly n: number;
  readonly width: number;
}

const SAMPLE = 50_000;

/** Bins every feature at quantiles of its known values, into at most `most` bins, the missing one included. Bounds are float32, so that bins, JavaScript and ONNX decide alike. */
export function findBounds({ rows, n, width }: Matrix, most: number): Bounds {
  const hasMissing = new Uint8Array(width);
  for (let i = 0, at = 0; i < n; i++) {
    for (let f = 0; f < width; f++, at++) {
      const v = rows[at]!;
      if (v !== v) hasMissing[f] = 1;
    }
  }
  const stride = Math.max(1, Math.floor(n / SAMPLE));
  const sample = new Float32Array(Math.ceil(n / stride));
  const sort = openSorter(sample.length);
  const bounds = Array.from({ length: width }, (_, f) =>
    boundsOf(sort(sample, gather(rows, { from: f, step: stride * width, to: sample })), most - hasMissing[f]!),
  );
  return { bounds, hasMissing };
}

/** Copies what is known of a feature; returns how many. */
function gather(rows: Float32Array, { from, step, to }: { from: number; step: number; to: Float32Array }): number {
  let known = 0;
  for (let at = from; at < rows.length; at += step) {
    const v = rows[at]!;
    to[known] = v;
    known += v === v ? 1 : 0;
  }
  return known;
}

function boundsOf(sorted: Float32Array, most: number): Float32Array {
  const bounds: number[] = [];
  if (countDistinct(sorted, most) <= most) {
    for (let i = 1; i < sorted.length; i++) if (sorted[i]! > sorted[i - 1]!) bounds.push(between(sorted[i - 1]!, sorted[i]!));
    return Float32Array.from(bounds);
  }
  for (const share of shares(most)) {
    let at = Math.floor(share * sorted.length);
    if (at === 0) continue;
    const below = sorted[at - 1]!;
    // A value that fills several bins has one of its own, which ends with it.
    while (at < sorted.length && sorted[at]! <= below) at++;
    if (at === sorted.length) break;
    const bound = between(below, sorted[at]!);
    if (bounds.length === 0 || bound > bounds[bounds.length - 1]!) bounds.push(bound);
  }
  return Float32Array.from(bounds);
}

/**
 * Where bins end, as shares of the values: evenly, but for the outermost bins, which are halved a few times where there are many, because quality has
 * its knees at the ends of what is used: there one bin in 64 can span half of the range of the target.
 */
function shares(most: number): number[] {
  const halvings = most < 32 ? 0 : most < 128 ? 2 : 4;
  const even = most - 2 * halvings;
  const tail = Array.from({ length: halvings }, (_, k) => 2 ** -(k + 1) / even);
  const inner = Array.from({ length: even - 1 }, (_, k) => (k + 1) / even);
  return [...tail.toReversed(), ...inner, ...tail.map((t) => 1 - t)];
}

/** Different values, counted no further than one more than `most`. */
function countDistinct(sorted: Float32Array, most: number): number {
  let count = Math.min(1, sorted.length);
  for (let i = 1; i < sorted.length && count <= most; i++) if (sorted[i]! > sorted[i - 1]!) count++;
  return count;
}

/** A float32 t with below <= t < above. */
function between(below: number, above: number): number {
  const middle = Math.fround(below + (above - below) / 2);
  return middle < above ? middle : below;
}

const DIGIT = 11;
const RADIX = 1 << DIGIT;

/** Sorts the first `n` values by three counting passes over their bits, which is several times as fast as comparing; gives them as a view. */
function openSorter(most: number): (values: Float32Array, n: number) => Float32Array {
  const keys = new Uint32Array(most);
  const spare = new Uint32Array(most);
  const counts = [new Uint32Array(RADIX), new Uint32Array(RADIX), new Uint32Array(RADIX)] as const;
  return (values, n) => {
    const bits = new Uint32Array(values.buffer, values.byteOffset, n);
    toKeys(bits, keys, counts);
    moveByDigit(keys, spare, { n, shift: 0, counts: counts[0] });
    moveByDigit(spare, keys, { n, shift: DIGIT, counts: counts[1] });
    moveByDigit(keys, spare, { n, shift: 2 * DIGIT, counts: counts[2] });
    for (let i = 0; i < n; i++) {
      const key = spare[i]!;
      bits[i] = key ^ ((~key >> 31) | 0x80000000);
    }
    return values.subarray(0, n);
  };
}

/** Keys that ascend with the numbers, as their bits do but for the sign; counts each digit on the way. */
function toKeys(bits: Uint32Array, keys: Uint32Array, counts: readonly [Uint32Array, Uint32Array, Uint32Array]): void {
  const [low, middle, high] = counts;
  for (const count of counts) count.fill(0);
  for (let i = 0; i < bits.length; i++) {
    const own = bits[i]!;
    const key = own ^ ((own >> 31) | 0x80000000);
    keys[i] = key;
    low[key & (RADIX - 1)]!++;
    middle[(key >>> DIGIT) & (RADIX - 1)]!++;
    high[key >>> (2 * DIGIT)]!++;
  }
}

function moveByDigit(from: Uint32Array, to: Uint32Array, { n, shift, counts }: { n: number; shift: number; counts: Uint32Array }): void {
  for (let d = 0, at = 0; d < RADIX; d++) {
    const own = counts[d]!;
    counts[d] = at;
    at += own;
  }
  for (let i = 0; i < n; i++) {
    const key = from[i]!;
    const digit = (key >>> shift) & (RADIX - 1);
    const at = counts[digit]!;
    to[at] = key;
    counts[digit] = at + 1;
  }
}
