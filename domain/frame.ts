/**
 * Telemetry as every part of berth sees it. All values are float32; NaN is "unknown", never zero.
 * Tick k of a grid covers the half-open interval (start + k*step, start + (k+1)*step] and carries the newest sample in it.
 */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly ticks: number;
}

/** `values[(site * series.length + s) * ticks + tick]`; series are named `<name>_<unit>`, e.g. `cpu_cores`. */
export interface SiteBlock {
  readonly sites: readonly string[];
  readonly series: readonly string[];
  readonly values: Float32Array;
  /** Epoch ms of the newest sample of each site; -Infinity if there is none. */
  readonly newestMs: Float64Array;
}

/**
 * `values[s * ticks + tick]`; series are `load`, `kpi_<name>_<unit>` and `app_<name>_<unit>`.
 * `placed[tick]` is the index into the sites of the block beside it, -1 where unknown.
 */
export interface AppBlock {
  readonly app: string;
  readonly series: readonly string[];
  readonly values: Float32Array;
  readonly placed: Int16Array;
  readonly newestMs: number;
}

/** One app on the sites it may run on. */
export interface Frame {
  readonly grid: Grid;
  readonly sites: SiteBlock;
  readonly app: AppBlock;
}

/** The whole fleet over one window: the sites once, then every app. */
export interface FleetWindow {
  readonly grid: Grid;
  readonly sites: SiteBlock;
  readonly apps: readonly AppBlock[];
}
