/** How the features of a model are made from a frame; everything serving needs, and nothing it has to guess. */
export interface FeaturePlan {
  readonly stepMs: number;
  readonly horizonTicks: number;
  /** Series of the site, less the app's own use where the app has a series of the same name and unit. */
  readonly siteSeries: readonly string[];
  readonly appSeries: readonly string[];
  readonly facts: readonly string[];
  /** Lags in ticks, the same for every series that is lagged. */
  readonly lags: readonly number[];
  /** Lags in ticks of the mean over the other sites. */
  readonly otherLags: readonly number[];
  /** Lengths in ticks of the rolling means and maxima. */
  readonly windows: readonly number[];
  /** Ticks over which the last known value stands in for an unknown one; beyond it the value is unknown. */
  readonly bridge: number;
  /** A series is high above its level; features are the seconds since it was last high and last low, capped. Keys: `<series>`, `others_<series>`. */
  readonly levels: Readonly<Record<string, number>>;
  /** Ticks of history that one row needs. */
  readonly history: number;
  /** Sites with a feature of their own (one-hot); empty for a model that must carry over to new sites. */
  readonly oneHotSites: readonly string[];
  /** Names in the order of the model's input. */
  readonly names: readonly string[];
}

/** What a model was promised; stored in the registry and in the ONNX metadata, and compared at load. */
export interface ModelContract {
  readonly schema: 1;
  readonly kind: 'counterfactual' | 'baseline';
  readonly learner: string;
  /** `kpi_<name>_<unit>`, or `qos` when the objective has several KPIs. */
  readonly target: string;
  readonly better: 'lower' | 'higher';
  /** Quantiles come out in the target's own unit. */
  readonly quantiles: readonly [0.1, 0.5, 0.9];
  readonly plan: FeaturePlan;
  readonly horizonS: number;
  readonly stepS: number;
  readonly objectiveDigest: string;
  /** sha256 of the frames it learned from. */
  readonly data: readonly string[];
  readonly seed: number;
}
