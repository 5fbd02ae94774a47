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
  for (let i = 0, at = 0; i < n; i++) for (let f = 0; f < width; f++, at++) if (rows[at] !== rows[at]) hasMissing[f] = 1;
  const stride = Math.max(1, Math.floor(n / SAMPLE));
  const sample = new Float32Array(Math.ceil(n / stride));
  const sorter = openSorter(sample.length);
  const bounds = Array.from({ length: width }, (_, f) => {
    let known = 0;
    for (let at = f; at < n * width; at += stride * width) if (rows[at] === rows[at]) sample[known++] = rows[at]!;
    return boundsOf(sorter(sample.subarray(0, known)), most - hasMissing[f]!);
  });
  return { bounds, hasMissing };
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

/** Sorts in place by three counting passes over the bits, which is several times as fast as comparing. */
function openSorter(most: number): (values: Float32Array) => Float32Array {
  const keys = [new Uint32Array(most), new Uint32Array(most)] as const;
  const counts = new Uint32Array(RADIX);
  return (values) => {
    const n = values.length;
    const bits = new Uint32Array(values.buffer, values.byteOffset, n);
    // Negative numbers descend with their bits, and come before the others.
    for (let i = 0; i < n; i++) keys[0][i] = bits[i]! & 0x80000000 ? ~bits[i]! : bits[i]! | 0x80000000;
    for (let pass = 0; pass < 3; pass++)
      sortByDigit(keys[pass & 1]!.subarray(0, n), keys[1 - (pass & 1)]!, { shift: pass * DIGIT, counts });
    const sorted = keys[1];
    for (let i = 0; i < n; i++) bits[i] = sorted[i]! & 0x80000000 ? sorted[i]! & 0x7fffffff : ~sorted[i]!;
    return values;
  };
}

function sortByDigit(from: Uint32Array, to: Uint32Array, { shift, counts }: { shift: number; counts: Uint32Array }): void {
  counts.fill(0);
  for (let i = 0; i < from.length; i++) counts[(from[i]! >>> shift) & (RADIX - 1)]!++;
  for (let d = 0, at = 0; d < RADIX; d++) {
    const own = counts[d]!;
    counts[d] = at;
    at += own;
  }
  for (let i = 0; i < from.length; i++) to[counts[(from[i]! >>> shift) & (RADIX - 1)]!++] = from[i]!;
}
