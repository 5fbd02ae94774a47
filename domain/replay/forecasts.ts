import { clip, errorOf, type SiteLevel } from './site-level.ts';

/** What a model foresaw for every site of one trace. */
export interface Forecasts {
  /** Seconds from the end of a window to what its forecasts are for. */
  readonly horizonS: number;
  /** p10, p50, p90 at `(window * sites + site) * 3`, from samples up to the end of the window; NaN = none. */
  readonly q: Float32Array;
}

export interface ForecastRow {
  readonly atMs: number;
  readonly site: string;
  readonly quantiles: ArrayLike<number>;
}

type Grid = { readonly sites: readonly string[]; readonly fromMs: number; readonly everyMs: number; readonly windows: number };

/** The newest forecast of every site in every window; those of other sites or times are left out. */
export function forecastsByWindow(rows: Iterable<ForecastRow>, grid: Grid, horizonS: number): Forecasts {
  const n = grid.sites.length;
  const rank = new Map(grid.sites.map((site, i) => [site, i]));
  const q = new Float32Array(grid.windows * n * 3).fill(NaN);
  const newest = new Float64Array(grid.windows * n).fill(-Infinity);
  for (const { atMs, site, quantiles } of rows) {
    const window = Math.floor((atMs - grid.fromMs) / grid.everyMs);
    const s = rank.get(site);
    if (s === undefined || window < 0 || window >= grid.windows || Number.isNaN(quantiles[1])) continue;
    const at = window * n + s;
    if (atMs < (newest[at] ?? NaN)) continue;
    newest[at] = atMs;
    q.set(
      [...Array.from(quantiles).slice(0, 3)].sort((a, b) => a - b),
      at * 3,
    );
  }
  return { horizonS, q };
}

/** A site as a model foresees it, with the error that its forecasts had so far: each is compared with the window it was for. */
export function foreseenLevel({ horizonS, q }: Forecasts, at: { site: number; sites: number; everyMs: number }): SiteLevel {
  const ahead = Math.max(1, Math.ceil((horizonS * 1000) / at.everyMs));
  const quantile = (window: number, i: number) => q[(window * at.sites + at.site) * 3 + i] ?? NaN;
  let [ended, wrong, judged, last] = [0, 0, 0, NaN];
  return {
    push(score) {
      const window = ended++;
      last = score;
      const foreseen = window < ahead ? NaN : quantile(window - ahead, 1);
      if (Number.isNaN(score + foreseen)) return;
      wrong += Math.abs(score - foreseen);
      judged++;
    },
    expectation() {
      const window = ended - 1;
      if (Number.isNaN(last + quantile(window, 1))) return undefined;
      const [p10, p50, p90] = [0, 1, 2].map((i) => clip(quantile(window, i)));
      return { p10: p10 ?? NaN, p50: p50 ?? NaN, p90: p90 ?? NaN, error: errorOf({ wrong, judged }) };
    },
  };
}
