/** Features as small integers: cell `[f][row]` is the number of the first bound that is not below the value. */
export interface Binned {
  readonly n: number;
  readonly width: number;
  readonly cells: Uint8Array;
  /** Ascending float32 upper bounds of the bins of a feature, the last bin being open; `x <= bounds[b]` is the split after bin b. */
  readonly bounds: readonly Float32Array[];
}

/** Missing values have a bin of their own. */
export const MISSING = 64;
const SAMPLE = 20_000;

/** Bins every feature at quantiles of its known values, into at most `most` (up to 64) bins. Bounds are float32, so that bins, JavaScript and ONNX decide alike. */
export function bin({ rows, n, width }: { rows: Float32Array; n: number; width: number }, most: number = MISSING): Binned {
  const cells = new Uint8Array(n * width);
  const bounds: Float32Array[] = [];
  for (let f = 0; f < width; f++) {
    const own = boundsOf(knownValues(rows, n, width, f), Math.min(most, MISSING));
    bounds.push(own);
    for (let i = 0; i < n; i++) cells[f * n + i] = cellOf(own, rows[i * width + f]!);
  }
  return { n, width, cells, bounds };
}

function knownValues(rows: Float32Array, n: number, width: number, f: number): Float32Array {
  const stride = Math.max(1, Math.ceil(n / SAMPLE));
  const known: number[] = [];
  for (let i = 0; i < n; i += stride) if (!Number.isNaN(rows[i * width + f]!)) known.push(rows[i * width + f]!);
  return Float32Array.from(known).sort();
}

function boundsOf(sorted: Float32Array, most: number): Float32Array {
  const distinct = sorted.filter((v, i) => i === 0 || v !== sorted[i - 1]);
  if (distinct.length <= most)
    return Float32Array.from({ length: Math.max(0, distinct.length - 1) }, (_, i) => between(distinct[i]!, distinct[i + 1]!));
  const bounds: number[] = [];
  for (let b = 1; b < most; b++) {
    const at = Math.floor((b * sorted.length) / most);
    const below = sorted[at - 1]!;
    const above = sorted[at]!;
    if (below < above && !(bounds[bounds.length - 1]! >= below)) bounds.push(between(below, above));
  }
  return Float32Array.from(bounds);
}

/** A float32 t with below <= t < above. */
function between(below: number, above: number): number {
  const middle = Math.fround(below + (above - below) / 2);
  return middle < above ? middle : below;
}

function cellOf(bounds: Float32Array, value: number): number {
  if (Number.isNaN(value)) return MISSING;
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= bounds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
