/** Ticks after which a series is most like itself; undefined = it has no season worth the name. */
export interface Season {
  readonly ticks: number;
  /** Autocorrelation there. */
  readonly strength: number;
}

const LEAST_STRENGTH = 0.3;
const MOST_TICKS = 4096;

/**
 * Finds a period in [from, n/3] as the largest local maximum of the autocorrelation after its first fall below a half of that height. Several
 * series of one task share one season: the mean of their autocorrelations decides.
 */
export function findSeason(series: readonly Float32Array[], from: number): Season | undefined {
  const longest = Math.max(0, ...series.map((x) => x.length));
  const most = Math.min(MOST_TICKS, Math.floor(longest / 3));
  if (most <= from + 2) return undefined;
  const long = series.filter((x) => x.length >= 3 * from).slice(0, 50);
  const curve = new Float64Array(most + 1);
  const counts = new Float64Array(most + 1);
  for (const x of long) {
    const own = autocorrelation(x, Math.min(most, Math.floor(x.length / 3)));
    own.forEach((r, k) => {
      if (Number.isNaN(r)) return;
      curve[k] = curve[k]! + r;
      counts[k] = counts[k]! + 1;
    });
  }
  for (let k = 0; k <= most; k++) curve[k] = counts[k]! > 0 ? curve[k]! / counts[k]! : NaN;
  return peakOf(curve, from);
}

function peakOf(curve: Float64Array, from: number): Season | undefined {
  let lowest = Infinity;
  let best: Season | undefined;
  for (let k = 2; k < curve.length - 1; k++) {
    lowest = Math.min(lowest, curve[k]!);
    const isPeak = curve[k]! >= curve[k - 1]! && curve[k]! >= curve[k + 1]!;
    if (!isPeak || k < from || curve[k]! < LEAST_STRENGTH || curve[k]! - lowest < 0.1) continue;
    // Multiples of a period are as strong as it is: the first wins unless a later one is clearly better.
    if (!best || curve[k]! > best.strength + 0.05) best = { ticks: k, strength: curve[k]! };
  }
  return best;
}

/** Correlation of x(t) with x(t-k) for k up to `most`, over pairs that are both known. Long series are thinned to bound the work. */
function autocorrelation(x: Float32Array, most: number): Float64Array {
  let sum = 0;
  let known = 0;
  for (const v of x)
    if (!Number.isNaN(v)) {
      sum += v;
      known++;
    }
  const mean = known > 0 ? sum / known : 0;
  const z = Float64Array.from(x, (v) => (Number.isNaN(v) ? 0 : v - mean));
  const variance = z.reduce((s, v) => s + v * v, 0);
  const stride = Math.max(1, Math.floor((x.length * most) / 2e7));
  return Float64Array.from({ length: most + 1 }, (_, k) => {
    let product = 0;
    for (let t = k; t < z.length; t += stride) product += z[t]! * z[t - k]!;
    return variance > 0 ? (product * stride * (z.length / Math.max(1, z.length - k))) / variance : NaN;
  });
}
