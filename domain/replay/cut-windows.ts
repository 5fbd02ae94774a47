import type { Trace } from './trace.ts';

/** Samples as columns; equal index, one sample. Any order. */
export interface TraceSamples {
  readonly apps: readonly string[];
  readonly sites: readonly string[];
  readonly atMs: readonly number[];
  /** Index into `apps` and `sites`. */
  readonly app: readonly number[];
  readonly site: readonly number[];
  /** NaN = unknown. */
  readonly score: readonly number[];
}

/** More windows than these are a wrong column of times rather than a trace. */
export const WINDOWS_MAX = 1_000_000;

/**
 * Cuts samples into windows of `everyMs` that begin with the earliest sample, and takes every site's mean in each; a site without a known
 * score in a window is unknown there. All apps share the windows. Throws RangeError when there would be more than `WINDOWS_MAX`.
 */
export function cutWindows(samples: TraceSamples, everyMs: number): readonly Trace[] {
  let [fromMs, toMs] = [Infinity, -Infinity];
  for (const atMs of samples.atMs) {
    if (atMs < fromMs) fromMs = atMs;
    if (atMs > toMs) toMs = atMs;
  }
  const windows = samples.atMs.length === 0 ? 0 : Math.floor((toMs - fromMs) / everyMs) + 1;
  if (windows > WINDOWS_MAX)
    throw new RangeError(
      `from ${instant(fromMs)} to ${instant(toMs)} there are ${windows} windows of ${everyMs / 1000} s, ${WINDOWS_MAX} at most`,
    );
  return meansOf(samples, { fromMs, everyMs, windows });
}

/** Times beyond what a date can be are told as they are. */
const instant = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`);

function meansOf(
  { apps, sites, atMs, app, site, score }: TraceSamples,
  grid: Pick<Trace, 'fromMs' | 'everyMs' | 'windows'>,
): readonly Trace[] {
  const order = sites.map((_, i) => i).sort((x, y) => ((sites[x] ?? '') < (sites[y] ?? '') ? -1 : 1));
  const rank = new Uint32Array(sites.length);
  order.forEach((i, at) => (rank[i] = at));
  const names = order.map((i) => sites[i] ?? '');
  const cells = grid.windows * sites.length;
  const traces = apps.map((name) => ({
    app: name,
    sites: names,
    ...grid,
    scores: new Float64Array(cells),
    samples: new Uint32Array(cells),
  }));
  for (let i = 0; i < atMs.length; i++) {
    const trace = traces[app[i] ?? -1];
    const value = score[i] ?? NaN;
    if (!trace || !Number.isFinite(value)) continue;
    const at = Math.floor(((atMs[i] ?? NaN) - grid.fromMs) / grid.everyMs) * sites.length + (rank[site[i] ?? -1] ?? 0);
    trace.scores[at] = (trace.scores[at] ?? 0) + value;
    trace.samples[at] = (trace.samples[at] ?? 0) + 1;
  }
  for (const { scores, samples } of traces)
    for (let at = 0; at < cells; at++) scores[at] = samples[at] ? (scores[at] ?? NaN) / (samples[at] ?? NaN) : NaN;
  return traces;
}
