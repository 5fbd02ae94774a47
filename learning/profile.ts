/** A stretch of telemetry during which the app ran on one site under known load. */
export interface Visit {
  readonly site: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly outcome: 'observed' | 'failed';
  readonly why?: string;
}

/** The data set that running an app on its sites produced: raw KPIs, so that it outlives a change of objective. */
export interface Profile {
  readonly app: string;
  readonly sites: readonly string[];
  readonly stepS: number;
  readonly load: number;
  readonly objectiveDigest: string;
  readonly visits: readonly Visit[];
  /** sha256 of Parquet frames. */
  readonly frames: readonly string[];
}
