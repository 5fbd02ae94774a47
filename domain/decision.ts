/** The gates in the order in which they are judged; the first that fails is a decision's reason. */
export const GATES = [
  'mode',
  'pause',
  'override',
  'freeze',
  'breaker',
  'observe',
  'blind',
  'fresh',
  'complete',
  'trust',
  'rights',
  'horizon',
  'feasible',
  'busy',
  'objective',
  'rule',
  'gain',
  'sustained',
  'cooldown',
  'quarantine',
  'budget',
  'window',
  'approval',
] as const;
export type Gate = (typeof GATES)[number];

/** What a look concludes for one app. `hold` = would not decide (pause, missing data, no trust); `stay` = decided to stay. */
export type Verdict = 'stay' | 'hold' | 'recommend' | 'move';

/** Score or KPI at three probabilities. For a score, p10 is the pessimistic end. */
export interface Quantiles {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

export type Trust = 'insufficient' | 'provisional' | 'trusted';

export interface Candidate {
  readonly site: string;
  readonly current: boolean;
  /** Predicted QoS score at the horizon; undefined = unknown. */
  readonly qos?: Quantiles;
  /** What the plain rule says of this site now, as a score; undefined = it cannot tell. */
  readonly rule?: number;
  readonly trust: Trust;
  /** Mean absolute error of the score on this site, from evidence. */
  readonly error?: number;
  /** Why the site cannot take the app; undefined = feasible. */
  readonly refusal?: string;
  /** What else keeps it from being a destination. Where that is missing or bad data, `qos` is undefined. */
  readonly barred?: Barrier;
}

export const BARRIERS = ['no-prediction', 'absurd', 'stale', 'incomplete', 'quarantined', 'late'] as const;
export type Barrier = (typeof BARRIERS)[number];

export interface GateResult {
  readonly gate: Gate;
  readonly pass: boolean;
  /** The figures the gate compared; a number that could not be told is absent. */
  readonly numbers: Readonly<Record<string, number>>;
}

export interface Decision {
  /** `<app>-<scheduled epoch ms>`; also the id of the claim, and part of the id of the move. */
  readonly id: string;
  readonly app: string;
  /** Scheduled time of the look. */
  readonly lookMs: number;
  readonly verdict: Verdict;
  /**
   * The first gate that made it stay or hold; else the first that made a move a recommendation; `override` also when an
   * operator's override made the move; else `ok`. `no-better-site` stands for `gain` when nothing is gained at all.
   */
  readonly reason: Gate | 'ok' | 'no-better-site';
  /** Where the app was observed; undefined = could not tell. */
  readonly from?: string;
  /** The best alternative, taken or not. */
  readonly to?: string;
  readonly gain?: number;
  readonly horizonS: number;
  readonly predictor: 'model' | 'baseline' | 'rule' | 'none';
  readonly modelVersion?: number;
  readonly policyVersion: number;
  readonly candidates: readonly Candidate[];
  readonly gates: readonly GateResult[];
}

/** What a controller is asked to do: small enough for a signal. */
export interface Proposal {
  readonly decisionId: string;
  readonly app: string;
  readonly from: string;
  readonly to: string;
  readonly gain: number;
  /** `approve`: everything speaks for the move, and somebody has to say yes. */
  readonly verdict: 'recommend' | 'approve' | 'move';
  /** Epoch ms after which it is too old to act on. */
  readonly expiresMs: number;
  readonly reason: string;
  /** Who empties the site that it leaves; absent: a look wants it. */
  readonly drainedBy?: string;
}
