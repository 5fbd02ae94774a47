import type { EndedMove } from '../../domain/breaker.ts';
import type { Config } from '../../domain/config.ts';
import type { Decision, Proposal } from '../../domain/decision.ts';
import type {
  Alias,
  AppliedConfig,
  Claim,
  ClaimAnswer,
  ClaimRequest,
  ControllerRow,
  EvidenceRow,
  FleetRow,
  Intake,
  LiveError,
  LookRow,
  ModelChange,
  ModelVersion,
  MoveEnd,
  OutcomeRow,
  PastDecision,
  PredictionRow,
  ProfileRow,
  Scrape,
  Snapshot,
} from '../../domain/records.ts';
import type { MoveRecord } from '../../domain/move-record.ts';
import type { Notice } from '../../domain/notice.ts';
import type { Telemetry } from '../ports.ts';
import type { DriftMethods } from './drifts.ts';
import type { ShadowMethods } from './shadows.ts';
import type { TrainingLock } from './training-lock.ts';

/** An event that a receiver has not got yet, and how often it was tried. */
export interface DueNotice {
  readonly notice: Notice;
  readonly tries: number;
}

/** Both ends of the time belong to it. */
export interface DecisionFilter {
  readonly app?: string;
  /** The app was there, or would have gone there. */
  readonly site?: string;
  readonly verdict?: string;
  /** The gate that decided, or another reason. */
  readonly reason?: string;
  /** Any version of it unless one is given. */
  readonly model?: { readonly key: string; readonly version?: number };
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface Store extends TrainingLock, ShadowMethods, DriftMethods {
  readonly installation: string;
  readonly telemetry: Telemetry;
  /** Applies a configuration. Equal to the one in force: nothing is written and `changed` is false. */
  applyConfig(config: Config, by: string, nowMs: number): Promise<{ version: number; changed: boolean }>;
  config(): Promise<AppliedConfig | undefined>;
  /** A configuration that was in force once. Throws an error for a version that never was. */
  configOf(version: number): Promise<Config>;
  appendScrape(scrape: Scrape): Promise<void>;

  /** How far a source of telemetry was read; undefined = never. */
  intake(source: string): Promise<Intake | undefined>;
  /** Notes a reading; `untilMs` never goes back, and stays where it is absent. */
  noteIntake(row: Intake): Promise<void>;

  /** Finds or makes the row of a look. */
  openLook(row: {
    lookMs: number;
    configVersion: number;
    openedMs: number;
    recordOnly: boolean;
  }): Promise<{ look: LookRow; previousMs?: number }>;
  /** Replaces what an earlier attempt of the same shard wrote. */
  writePredictions(lookMs: number, rows: readonly PredictionRow[]): Promise<void>;
  readPredictions(lookMs: number): Promise<readonly PredictionRow[]>;
  /**
   * One transaction: decisions, models used, outbox, `decidedMs`. A look that is already decided is returned unchanged, and no decision is asked
   * for. Decisions may be made as they are taken; `proposals` and a `decidedMs` that is a clock are read after the last one.
   */
  writeDecisions(
    lookMs: number,
    decisions: Iterable<Decision> | AsyncIterable<Decision>,
    proposals: readonly Proposal[],
    decidedMs: number | (() => number),
  ): Promise<{ counts: Record<string, number>; again: boolean }>;
  pastDecisions(beforeMs: number, looks: number): Promise<readonly PastDecision[]>;
  pendingProposals(nowMs: number, limit: number): Promise<readonly Proposal[]>;
  acknowledge(decisionIds: readonly string[]): Promise<void>;
  closeLook(lookMs: number, closedMs: number): Promise<LookRow>;
  lastLook(): Promise<LookRow | undefined>;
  looks(fromMs: number, toMs: number): Promise<readonly LookRow[]>;
  /** Newest first. */
  decisions(filter: DecisionFilter & { limit: number }): Promise<readonly Decision[]>;

  /** Admits a move or says why not; the same decision id twice is the same claim. Under one advisory lock. */
  claimMove(request: ClaimRequest): Promise<ClaimAnswer>;
  /** The first snapshot of a claim stands; a second call returns it. */
  saveSnapshot(decisionId: string, snapshot: Snapshot): Promise<Snapshot>;
  claimPhase(decisionId: string, phase: string, atMs: number): Promise<void>;
  /** What the app of an open claim would have scored had it stayed. */
  noteIfStayed(decisionId: string, score: number): Promise<void>;
  /** The first end of a claim stands; later calls return it. */
  endClaim(
    decisionId: string,
    end: { end: MoveEnd; atMs: number; why?: string; scoreBefore?: number; scoreAfter?: number; failedRequests?: number },
  ): Promise<Claim>;
  claim(decisionId: string): Promise<Claim | undefined>;
  openClaims(): Promise<readonly Claim[]>;
  /** Those that were open at a time in the past. */
  claimsOpenAt(atMs: number): Promise<readonly Claim[]>;
  claims(filter: { app?: string; limit: number }): Promise<readonly Claim[]>;
  /** Moves that have ended, newest first, each with what had wanted it. */
  moveRecords(filter: { app?: string; sinceMs?: number; untilMs?: number; limit: number }): Promise<readonly MoveRecord[]>;
  /** How the newest moves ended, newest first, for the breaker: without profiles, refusals and moves that were cancelled. */
  endedMoves(limit: number): Promise<readonly EndedMove[]>;

  /** An older sequence number than the one stored changes nothing. */
  mirrorController(row: ControllerRow): Promise<void>;
  controllers(): Promise<readonly ControllerRow[]>;
  controller(app: string): Promise<ControllerRow | undefined>;
  mirrorFleet(row: FleetRow): Promise<void>;
  fleet(): Promise<FleetRow | undefined>;

  saveProfile(row: ProfileRow): Promise<void>;
  profile(id: string): Promise<ProfileRow | undefined>;
  latestProfile(app: string): Promise<ProfileRow | undefined>;

  /** Digest-equal models are one version. One at a time per key by a row lock. */
  addModel(model: Omit<ModelVersion, 'version'>): Promise<ModelVersion>;
  model(key: string, version: number): Promise<ModelVersion | undefined>;
  setAlias(change: { key: string; alias: Alias; version: number; by: string; why: string; atMs: number }): Promise<void>;
  alias(key: string, alias: Alias): Promise<ModelVersion | undefined>;
  /** Those of a look are the ones that served when it was opened, whatever was changed since. */
  champions(lookMs?: number): Promise<readonly ModelVersion[]>;
  /** Every version of a key, newest first. */
  models(key: string): Promise<readonly ModelVersion[]>;
  /** What served at an instant, and the change that made it so. */
  servedAt(key: string, atMs: number): Promise<{ model: ModelVersion; change: ModelChange } | undefined>;
  /** Writes into the history of a key that a version was kept back or turned down. */
  noteVersion(note: { key: string; version: number; what: 'kept' | 'rejected'; by: string; why: string; atMs: number }): Promise<void>;
  /** Newest first. */
  aliasHistory(key: string): Promise<readonly ModelChange[]>;
  saveEvidence(rows: readonly EvidenceRow[]): Promise<void>;
  /** Of the versions that hold an alias, and of `also`. That of others is kept for `retention.kept`, in case they are wanted again. */
  evidence(also?: Pick<ModelVersion, 'key' | 'version'>): Promise<readonly EvidenceRow[]>;
  /** Evidence of these apps that outcomes have moved an interval for. */
  adaptations(apps: readonly string[]): Promise<readonly EvidenceRow[]>;

  /** Joins predictions whose time has come with what was observed, at the site the app was really on. Each prediction once. */
  joinOutcomes(nowMs: number): Promise<number>;
  outcomes(filter: { app?: string; fromMs: number; toMs: number }): Promise<readonly OutcomeRow[]>;
  /** How far predictions of looks since then were from what came, over the whole fleet; undefined: none could be compared. */
  liveError(sinceMs: number): Promise<LiveError | undefined>;

  /** Puts events for the outside into the outbox; one that is there already (by its id) stays as it is. */
  enqueue(notices: readonly Notice[]): Promise<void>;
  /** What a receiver is still to get and may be tried with now, oldest first. */
  dueNotices(receiver: string, nowMs: number, limit: number): Promise<readonly DueNotice[]>;
  /** Events that all of these receivers have are over: a receiver that is added later is not told of them. */
  settleNotices(receivers: readonly string[]): Promise<void>;
  /** What came of one try. */
  noteDelivery(
    tried: { id: string; receiver: string; tries: number } & ({ deliveredMs: number } | { nextMs: number; failure: string }),
  ): Promise<void>;
  /** Events that some receiver has not got yet: how many, and since when. */
  undelivered(): Promise<{ count: number; oldestMs?: number; failure?: string }>;

  /** Makes partitions ahead, drops those past their retention and trims what is not cut into days; returns what it dropped. */
  maintain(nowMs: number): Promise<{ created: string[]; dropped: string[] }>;
  /** sha256 of every blob that some row still names. */
  referencedBlobs(): Promise<ReadonlySet<string>>;
  health(): Promise<{ serverVersion: string; migration: number }>;
  close(): Promise<void>;
}
