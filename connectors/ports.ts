import type { CloudEvent } from '../domain/cloud-event.ts';
import type { AppSpec, Config } from '../domain/config.ts';
import type { FleetWindow, Frame } from '../domain/frame.ts';
import type { ReceiverConfig } from '../domain/notification-config.ts';
import type { Placement, Snapshot } from '../domain/records.ts';

/** What the outside says; `no-data` is an answer, never an empty frame. */
export interface NoData {
  readonly kind: 'no-data';
  readonly why: string;
}

export interface WindowRequest {
  readonly apps: readonly string[];
  readonly sites: readonly string[];
  /** Epoch ms; the window is (fromMs, toMs], cut into steps that end at toMs. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export interface Telemetry {
  /** One app: for profiles and reports. */
  window(request: Omit<WindowRequest, 'apps'> & { app: string }): Promise<Frame | NoData>;
  /** Many apps over one window; an app without a sample is left out. */
  windows(request: WindowRequest): Promise<FleetWindow | NoData>;
}

export interface SiteState {
  readonly site: string;
  readonly ready: boolean;
  /** Why it takes no app now (cordoned, gone, full); undefined = it does. */
  readonly refusal?: string;
}

export interface Cluster {
  sites(): Promise<readonly SiteState[]>;
  placements(apps: readonly string[]): Promise<readonly Placement[]>;
  /** One refusal per app and site that cannot take it; feasible pairs are absent. */
  feasibility(apps: readonly string[]): Promise<readonly { app: string; site: string; refusal: string }[]>;
}

export interface Observation {
  readonly app: string;
  readonly site?: string;
  readonly ready: boolean;
  readonly busy?: string;
  /** Its owner has stopped it (paused, scaled to zero): what is asked for stands, but nothing follows until the owner goes on. */
  readonly stoppedByOwner?: string;
  /** The decision whose change is the newest in force. */
  readonly decisionId?: string;
  /** Changes with every effective write. */
  readonly generation: number;
}

export interface Change {
  readonly app: string;
  readonly to: string;
  readonly decisionId: string;
}

export interface MoveReport {
  readonly startS: number;
  readonly switchS: number;
  readonly drainS: number;
  /** Requests lost by the switch: 502, reset, refused. */
  readonly failedRequests: number;
}

export interface Actuator {
  observe(app: string): Promise<Observation>;
  snapshot(app: string): Promise<Snapshot>;
  /** Would it be accepted? Changes nothing. */
  dryRun(change: Change): Promise<{ ok: true } | { ok: false; refusal: string }>;
  /** Applied at most once per decision id: a second call finds the first. */
  apply(change: Change): Promise<{ applied: boolean; generation: number }>;
  /** Serving from `to`, and only from there. */
  ready(change: Change): Promise<{ ready: boolean; failed?: string; report?: MoveReport }>;
  /**
   * Back to the snapshot, whatever happened since; calling twice changes nothing. From then on no change of the same claim (see `claimOf`)
   * is carried out: `apply` rejects one that it had not seen before.
   */
  restore(snapshot: Snapshot, decisionId: string): Promise<{ restored: boolean; generation: number }>;
}

export interface Load {
  /** Requests per second sent to an app from now on; undefined = as configured. */
  set(app: string, ratePerS: number | undefined): Promise<void>;
}

export interface Blobs {
  /** Returns the sha256 of the bytes, in hex. Writing the same bytes twice is one blob. */
  put(bytes: Uint8Array): Promise<string>;
  /** Throws `BlobMissing` when there is none, `BlobDamaged` when the digest does not agree. */
  get(sha256: string): Promise<Uint8Array>;
  has(sha256: string): Promise<boolean>;
  list(): AsyncIterable<{ sha256: string; bytes: number; modifiedMs: number }>;
  delete(sha256: string): Promise<void>;
}

/** Frames as bytes that others can read. */
export interface FrameCodec {
  encode(frame: Frame): Uint8Array;
  /** Throws an error that names the column or row that cannot be understood. */
  decode(bytes: Uint8Array): Promise<Frame>;
}

export interface Inference {
  /**
   * `rows` is [n][features] in the contract's order, NaN = missing; the answer is [n][3]: p10, p50, p90 in the contract's unit.
   * A model is loaded once and kept in a bounded cache; its contract is checked against `contractDigest`.
   */
  predict(model: { sha256: string; contractDigest: string }, rows: Float32Array, n: number): Promise<Float32Array>;
  close(): Promise<void>;
}

export type Delivery =
  | { readonly delivered: true }
  /** `down`: nobody was reached, so nothing else need be tried there now. The reason names no address and no secret. */
  | { readonly delivered: false; readonly why: string; readonly down: boolean };

export interface Notifier {
  /**
   * Hands one event to one receiver and says whether it took it; what the receiver does wrong is an answer, no error. Safe to call again:
   * the event carries its own key.
   */
  send(event: CloudEvent, receiver: ReceiverConfig): Promise<Delivery>;
}

/** What runs the apps of a connector, assembled from configuration. */
export interface Platform {
  readonly cluster: Cluster;
  readonly actuator: Actuator;
  readonly load: Load;
  /** Bring the declared apps and sites of this connector into being (local cluster) or check that they exist. */
  adopt(config: Config, apps: Readonly<Record<string, AppSpec>>): Promise<void>;
}
