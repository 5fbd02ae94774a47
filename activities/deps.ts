import type { Client } from '@temporalio/client';

import type { Actuator, Blobs, Cluster, FrameCodec, Inference, Notifier } from '../connectors/ports.ts';
import type { Store } from '../connectors/store/types.ts';
import type { TrainInput, TrainResult } from '../learning/train.ts';

/** Now, in epoch ms; an argument so that tests own it. */
export type Clock = () => number;

/** What every worker has. */
export interface CommonDeps {
  readonly store: Store;
  readonly clock: Clock;
}

export interface ControlDeps extends CommonDeps {
  readonly client: Client;
  /** Read-only: where apps are and where they could be. */
  readonly cluster: Cluster;
  readonly blobs: Blobs;
  readonly frames: FrameCodec;
  readonly notifier: Notifier;
  /** Apps per shard of a look. */
  readonly shardSize: number;
}

export interface ComputeDeps extends CommonDeps {
  readonly blobs: Blobs;
  readonly frames: FrameCodec;
  readonly inference: Inference;
  /** Trains off the main thread. */
  readonly train: (input: TrainInput, hooks: { signal: AbortSignal; onProgress: (progress: unknown) => void }) => Promise<TrainResult>;
}

/** The only deps with a right to change a cluster. */
export interface ActuateDeps extends CommonDeps {
  readonly actuator: Actuator;
  /** The workloads this actuator may touch; undefined = every app of the applied configuration. */
  readonly allowed?: ReadonlySet<string>;
}
