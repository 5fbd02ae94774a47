/** Columns to choose from, seen at the rows a fold may learn from. NaN = missing. */
export interface Choice {
  readonly columns: ReadonlyMap<string, Float32Array>;
  readonly target: Float64Array;
  readonly max: number;
  /** `redundancy` takes one of each cluster of near-copies; `univariate` takes the K most relevant, copies or not. */
  readonly method: 'redundancy' | 'univariate';
}

/** A series that is missing more often would take its rows with it. */
const LEAST_KNOWN = 0.9;
const NEAR_COPY = 0.995;
const BINS = 16;

/** The names chosen, most relevant first. Deterministic: ties go to the earlier column. */
export function selectSeries({ columns, target, max, method }: Choice): string[] {
  const usable = [...columns].filter(([, x]) => isUsable(x));
  const scored = usable
    .map(([name, x], order) => ({ name, x, order, worth: relevance(x, target) }))
    .sort((a, b) => b.worth - a.worth || a.order - b.order);
  if (method === 'univariate') return scored.slice(0, max).map((s) => s.name);
  const chosen: typeof scored = [];
  for (const candidate of scored) {
    if (chosen.length >= max) break;
    if (!chosen.some((other) => Math.abs(correlation(other.x, candidate.x)) >= NEAR_COPY)) chosen.push(candidate);
  }
  return chosen.map((s) => s.name);
}

function isUsable(x: Float32Array): boolean {
  let known = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const v of x) {
    if (Number.isNaN(v)) continue;
    known++;
    min = Math.min(min, v);
    max = Math.max(max, v);
  }
  return known >= LEAST_KNOWN * x.length && max > min;
}

/** Share of the target's variance between bins of equal count of x (correlation ratio): it sees bends that a correlation does not. */
export function relevance(x: Float32Array, target: Float64Array): number {
  const rows = Array.from({ length: x.length }, (_, i) => i).filter((i) => !Number.isNaN(x[i]!) && !Number.isNaN(target[i]!));
  if (rows.length < 4 * BINS) return 0;
  rows.sort((a, b) => x[a]! - x[b]!);
  const mean = rows.reduce((sum, i) => sum + target[i]!, 0) / rows.length;
  const total = rows.reduce((sum, i) => sum + (target[i]! - mean) ** 2, 0);
  let between = 0;
  let bins = 0;
  for (let from = 0; from < rows.length; bins++) {
    let to = Math.min(rows.length, Math.floor(((bins + 1) * rows.length) / BINS));
    // Equal values are never told apart.
    while (to < rows.length && x[rows[to]!] === x[rows[to - 1]!]) to++;
    if (to <= from) continue;
    let sum = 0;
    for (let k = from; k < to; k++) sum += target[rows[k]!]! - mean;
    between += (sum * sum) / (to - from);
    from = to;
  }
  if (total === 0) return 0;
  // What as many bins of noise would seem to explain.
  return Math.max(0, between / total - (bins - 1) / rows.length);
}

export function correlation(a: Float32Array, b: Float32Array): number {
  let n = 0;
  let sa = 0;
  let sb = 0;
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i]!) || Number.isNaN(b[i]!)) continue;
    n++;
    sa += a[i]!;
    sb += b[i]!;
  }
  const ma = sa / n;
  const mb = sb / n;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const da = a[i]! - ma;
    const db = b[i]! - mb;
    if (Number.isNaN(da) || Number.isNaN(db)) continue;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** Mean Jaccard likeness of every pair of choices: 1 = always the same. */
export function stability(choices: readonly (readonly string[])[]): number {
  const pairs = choices.flatMap((a, i) => choices.slice(i + 1).map((b) => jaccard(a, b)));
  return pairs.length === 0 ? 1 : pairs.reduce((sum, j) => sum + j, 0) / pairs.length;
}

function jaccard(a: readonly string[], b: readonly string[]): number {
  const union = new Set([...a, ...b]).size;
  return union === 0 ? 1 : a.filter((name) => b.includes(name)).length / union;
}
