import type { Client } from '@temporalio/client';

import type { Actuator, Blobs, Cluster, FrameCodec, Inference, Notifier } from '../connectors/ports.ts';
import type { Store } from '../connectors/store/types.ts';
import type { BacktestState } from '../learning/backtest.ts';
import type { TrainInput, TrainProgress, TrainResult } from '../learning/train.ts';
import type { Meter } from './meter.ts';

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
  /** Where looks and moves are counted; absent: nowhere. */
  readonly meter?: Meter;
  /** Apps per shard of a look. */
  readonly shardSize: number;
}

export interface TrainHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TrainProgress) => void;
  readonly onState: (state: BacktestState) => void;
}

export interface ComputeDeps extends CommonDeps {
  readonly blobs: Blobs;
  readonly frames: FrameCodec;
  readonly inference: Inference;
  /** Reads, loads and runs a model in a process of its own, killed at its limits; throws `ModelRefused`. The answer is [n][3]. */
  readonly tryModel: (trial: { bytes: Uint8Array; rows: Float32Array; contractDigest: string }) => Promise<Float32Array>;
  /** Trains off the main thread. */
  readonly train: (input: Omit<TrainInput, 'isOver' | 'onProgress' | 'onState'>, hooks: TrainHooks) => Promise<TrainResult>;
}

/** The only deps with a right to change a cluster. */
export interface ActuateDeps extends CommonDeps {
  readonly actuator: Actuator;
  /** The workloads this actuator may touch; undefined = every app of the applied configuration. */
  readonly allowed?: ReadonlySet<string>;
}
