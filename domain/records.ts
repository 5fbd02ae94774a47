import type { Config } from './config.ts';
import type { Verdict } from './decision.ts';

/** Configuration in force. Ids are small integers that rows carry instead of names; they never change their meaning. */
export interface AppliedConfig {
  readonly version: number;
  readonly config: Config;
  readonly appIds: ReadonlyMap<string, number>;
  readonly siteIds: ReadonlyMap<string, number>;
}

/** One scrape. A series that could not be read is absent; NaN and infinities are refused by name. */
export interface Scrape {
  readonly atMs: number;
  readonly sites: readonly { readonly site: string; readonly values: Readonly<Record<string, number>> }[];
  readonly apps: readonly { readonly app: string; readonly placed?: string; readonly values: Readonly<Record<string, number>> }[];
}

/** A reading of an outside source of telemetry. */
export interface Intake {
  readonly source: string;
  /** Epoch ms up to which it was read; absent: nothing yet. */
  readonly untilMs?: number;
  readonly askedMs: number;
  /** What could not be told, a line each. */
  readonly problems: readonly string[];
}

export interface LookRow {
  readonly lookMs: number;
  readonly configVersion: number;
  readonly openedMs: number;
  /** Only recorded: a backfill, or later than its freshness limit. */
  readonly recordOnly: boolean;
  readonly decidedMs?: number;
  readonly closedMs?: number;
  readonly counts?: Readonly<Record<string, number>>;
}

/** Predictions of one app at one look: `q[site * 3 + {0: p10, 1: p50, 2: p90}]` as scores, NaN = unknown; `rule[site]` likewise. */
export interface PredictionRow {
  readonly app: string;
  readonly modelKey?: string;
  readonly modelVersion?: number;
  readonly predictor: 'model' | 'baseline' | 'rule' | 'none';
  readonly sites: readonly string[];
  readonly q: Float32Array;
  readonly rule: Float32Array;
  /** Age in seconds of the newest sample of each site, and of the app, at the time of the look. */
  readonly ageS: Float32Array;
  readonly appAgeS: number;
  /** Share of the expected samples present: per site, and of the app. */
  readonly complete: Float32Array;
  readonly appComplete: number;
  /** Observed score at the present site over the last window; undefined = unknown. */
  readonly observed?: number;
  /** Where the app was observed when the prediction was made. */
  readonly placed?: string;
  /** Milliseconds from the look to the time the prediction is for. */
  readonly horizonMs: number;
}

/** What `sustained` and `isStanding` need of an earlier decision. */
export interface PastDecision {
  readonly app: string;
  readonly lookMs: number;
  readonly verdict: Verdict;
  readonly from?: string;
  readonly to?: string;
  /** It passed every gate up to and including `gain`. */
  readonly wanted: boolean;
}

/** What wants a move: a look, or an operator by an override, an approval or the drain of a site. */
export type MoveOrigin = 'look' | 'override' | 'approval' | 'drain';

export interface ClaimRequest {
  readonly decisionId: string;
  readonly app: string;
  readonly from: string;
  readonly to: string;
  readonly origin: MoveOrigin | 'profile';
  readonly reason: string;
  readonly by: string;
  readonly predictedGain?: number;
  readonly workflowId: string;
  readonly nowMs: number;
}

export type ClaimAnswer = { readonly admitted: true; readonly claim: Claim } | { readonly admitted: false; readonly refusal: string };

export type MoveEnd = 'done' | 'reverted' | 'revert-failed' | 'refused';

/** One move from its admission to its end; open while `end` is undefined. */
export interface Claim extends ClaimRequest {
  readonly openedMs: number;
  readonly snapshot?: Snapshot;
  /** Every phase entered, with its time. */
  readonly phases: readonly { readonly phase: string; readonly atMs: number }[];
  readonly end?: MoveEnd;
  readonly endedMs?: number;
  readonly why?: string;
  readonly scoreBefore?: number;
  readonly scoreAfter?: number;
  /** What the app would have scored on the site it left, by the plain rule, over the time in which `scoreAfter` was measured. */
  readonly scoreIfStayed?: number;
  readonly failedRequests?: number;
}

/** What an operator has said, and since when. */
export interface Said {
  readonly by: string;
  readonly reason: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
}
export interface SaidOfSite extends Said {
  readonly site: string;
}

/** A move that waits for somebody's yes. */
export interface Approval {
  readonly decisionId: string;
  readonly from: string;
  readonly to: string;
  readonly gain: number;
  readonly reason: string;
  readonly sinceMs: number;
  readonly expiresMs: number;
  /** Seconds from its change until it serves on the new site, by the moves of this app so far; absent = never measured. */
  readonly costS?: number;
  /** Who has said yes; it starts when its time window opens. */
  readonly approved?: { readonly by: string; readonly reason: string; readonly startsMs?: number };
}

/** A controller's mirror in the store. No row = default: running, nothing excluded. */
export interface ControllerRow {
  readonly app: string;
  readonly seq: number;
  readonly paused: boolean;
  readonly pause?: Said;
  /** Kept on its present site, whoever wants it elsewhere. */
  readonly frozen?: Said;
  readonly override?: SaidOfSite;
  readonly excluded: readonly SaidOfSite[];
  readonly coolUntilMs?: number;
  /** `step`: how many moves there were undone in a row before this one; an entry outlives its time so that the next is longer. */
  readonly quarantine: readonly { readonly site: string; readonly untilMs: number; readonly step?: number }[];
  readonly approval?: Approval;
  /** A move that was declined, or ran out, is not put up again before `untilMs`. */
  readonly declined?: { readonly to: string; readonly untilMs: number };
  /** Set when a move could not be undone: the app is not touched until an operator resumes it. */
  readonly held?: string;
  readonly moving?: string;
}

export interface FleetRow {
  readonly seq: number;
  readonly paused: boolean;
  readonly pause?: Said;
  readonly frozen?: Said;
  /** Sites no app is moved to. */
  readonly excluded?: readonly SaidOfSite[];
  /** Moves that ended before this do not count for the breaker. */
  readonly reset?: { readonly by: string; readonly reason: string; readonly atMs: number };
}

export interface ModelVersion {
  readonly key: string;
  readonly version: number;
  readonly onnxSha256: string;
  readonly contract: unknown;
  readonly contractDigest: string;
  /** `model` if it beat the baselines in its backtest, else `baseline`. */
  readonly servedBy: 'model' | 'baseline';
  readonly report: unknown;
  readonly profileId: string;
  readonly createdMs: number;
  /** Blob of what it said of visits it had not seen, row by row; absent: it cannot be compared. */
  readonly heldOutSha256?: string;
}
export type Alias = 'champion' | 'challenger' | 'previous';

/** One entry of a model's history: an alias that was set, or a version that was kept back or turned down. */
export interface ModelChange {
  readonly alias: Alias | 'kept' | 'rejected';
  readonly version: number;
  readonly by: string;
  readonly why: string;
  readonly atMs: number;
}

export interface ProfileRow {
  readonly id: string;
  readonly app: string;
  readonly createdMs: number;
  /** The profile shape of DESIGN.md as JSON; frames by sha256. */
  readonly profile: unknown;
}

export interface EvidenceRow {
  readonly key: string;
  readonly version: number;
  readonly app: string;
  readonly site: string;
  readonly samples: number;
  readonly newestMs: number;
  /** Mean absolute error of the score. */
  readonly error: number;
  /** Share of outcomes inside p10..p90. */
  readonly coverage: number;
  /** Outcomes since it serves that are in these figures; absent: none. */
  readonly live?: number;
  /** How far p10 and p90 are moved outwards, in score points; absent: not at all. */
  readonly low?: number;
  readonly high?: number;
}

/** Score points between prediction (p50) and outcome: the median and the 90th percentile of `count` predictions, and the share within p10 to p90. */
export interface LiveError {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  /** Absent where only the rule predicted, which gives no interval. */
  readonly covered?: number;
}

export interface OutcomeRow {
  readonly app: string;
  readonly site: string;
  readonly lookMs: number;
  readonly targetMs: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly actual: number;
  readonly predictor: string;
}

/** Placement as observed. `site` undefined = could not tell. */
export interface Placement {
  readonly app: string;
  readonly site?: string;
  /** A rollout under way, paused, scaled to zero: nobody else should touch it now. */
  readonly busy?: string;
}

/** The captured original value, restored field for field. Plain JSON, below 16 KiB. */
export interface Snapshot {
  readonly app: string;
  readonly site: string;
  readonly generation: number;
  readonly original: unknown;
}

/** What a challenger would have said and done at one look, beside what the champion said and what was done. */
export interface ShadowRow {
  readonly key: string;
  readonly version: number;
  readonly lookMs: number;
  readonly app: string;
  readonly said: {
    readonly sites: readonly string[];
    /** p50 of the score per site; null = unknown. */
    readonly challenger: readonly (number | null)[];
    readonly champion: readonly (number | null)[];
    readonly verdict: Verdict;
    readonly to?: string;
    readonly championVerdict?: Verdict;
    readonly championTo?: string;
  };
}

/** Live data that has left what a model learned from; `name` is the input, or `error`. */
export interface DriftRow {
  readonly key: string;
  readonly version: number;
  readonly app: string;
  readonly kind: 'error' | 'input';
  readonly name: string;
  /** Windows in a row that showed it. */
  readonly windows: number;
  readonly effect: number;
  readonly why: string;
  readonly sinceMs: number;
  readonly atMs: number;
}
