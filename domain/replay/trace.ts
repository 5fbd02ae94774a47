/** What is known of one app: the QoS score of every site in every window, whether the app was there or not. */
export interface Trace {
  readonly app: string;
  /** By name, in code unit order. */
  readonly sites: readonly string[];
  /** Epoch ms at which the first window begins. */
  readonly fromMs: number;
  readonly everyMs: number;
  readonly windows: number;
  /** Mean score at `window * sites.length + site`; NaN = unknown. */
  readonly scores: Float64Array;
  /** Samples behind each mean. */
  readonly samples: Uint32Array;
}

/** What a decision at the beginning of window `now` may know of a trace: the windows before it, and nothing else. */
export interface Past {
  readonly sites: readonly string[];
  /** Windows that have ended. */
  readonly now: number;
  /** Score of a site in an earlier window; NaN = unknown. Throws RangeError for a window that has not ended. */
  score(window: number, site: number): number;
  samples(window: number, site: number): number;
}

export function pastOf(trace: Trace, now: number): Past {
  const { sites, scores, samples } = trace;
  const at = (window: number, site: number): number => {
    if (!(window >= 0 && window < now)) throw new RangeError(`window ${window} is not in the past of window ${now}`);
    return window * sites.length + site;
  };
  return {
    sites,
    now,
    score: (window, site) => scores[at(window, site)] ?? NaN,
    samples: (window, site) => samples[at(window, site)] ?? 0,
  };
}
