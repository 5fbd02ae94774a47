import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

import type { Proposal } from '../domain/decision.ts';
import type { MoveEnd } from '../domain/records.ts';
import type { ControllerState } from './controller-state.ts';
import type { FleetState } from './fleet-verbs.ts';
import type { PromotionState } from './promote-model.ts';

/** Who says so, why, and until when. `by` is a statement, not proof. */
export interface Statement {
  readonly by: string;
  readonly reason: string;
  /** Epoch ms; absent = said before this was kept. */
  readonly sinceMs?: number;
  /** Epoch ms; absent = until somebody takes it back. */
  readonly untilMs?: number;
}
export interface SiteStatement extends Statement {
  readonly site: string;
}

/** What a person may send. `until` (ISO 8601 with a zone) and `forS` exclude each other; equal `id`s are one message. */
export interface OperatorMessage {
  readonly by: string;
  readonly reason: string;
  readonly until?: string;
  readonly forS?: number;
  readonly id?: string;
}
export interface SiteMessage extends OperatorMessage {
  readonly site: string;
}

export interface ApprovalMessage extends OperatorMessage {
  /** Id of the decision meant; absent: the move that waits. */
  readonly decision?: string;
}

export interface MoveEnded {
  readonly decisionId: string;
  readonly end: MoveEnd;
  readonly why?: string;
}
export interface MoveLost {
  readonly decisionId: string;
}

/** The answer of an update: one sentence an operator can act on. */
export interface Answer {
  readonly ok: true;
  readonly said: string;
}

export const signals = {
  propose: defineSignal<[Proposal]>('propose'),
  pause: defineSignal<[OperatorMessage]>('pause'),
  resume: defineSignal<[OperatorMessage]>('resume'),
  override: defineSignal<[SiteMessage]>('override'),
  clearOverride: defineSignal<[OperatorMessage]>('clear-override'),
  exclude: defineSignal<[SiteMessage]>('exclude'),
  include: defineSignal<[SiteMessage]>('include'),
  freeze: defineSignal<[OperatorMessage]>('freeze'),
  unfreeze: defineSignal<[OperatorMessage]>('unfreeze'),
  approve: defineSignal<[ApprovalMessage]>('approve'),
  reject: defineSignal<[ApprovalMessage]>('reject'),
  resetBreaker: defineSignal<[OperatorMessage]>('reset-breaker'),
  moveEnded: defineSignal<[MoveEnded]>('moveEnded'),
  moveLost: defineSignal<[MoveLost]>('moveLost'),
  reconfigured: defineSignal('reconfigured'),
} as const;

export const updates = {
  pause: defineUpdate<Answer, [OperatorMessage]>('pause'),
  resume: defineUpdate<Answer, [OperatorMessage]>('resume'),
  override: defineUpdate<Answer, [SiteMessage]>('override'),
  clearOverride: defineUpdate<Answer, [OperatorMessage]>('clear-override'),
  exclude: defineUpdate<Answer, [SiteMessage]>('exclude'),
  include: defineUpdate<Answer, [SiteMessage]>('include'),
  freeze: defineUpdate<Answer, [OperatorMessage]>('freeze'),
  unfreeze: defineUpdate<Answer, [OperatorMessage]>('unfreeze'),
  approve: defineUpdate<Answer, [ApprovalMessage]>('approve'),
  reject: defineUpdate<Answer, [ApprovalMessage]>('reject'),
  resetBreaker: defineUpdate<Answer, [OperatorMessage]>('reset-breaker'),
} as const;

/** What a promotion that waits for a person is told. */
export const promotionSignals = {
  approve: defineSignal<[OperatorMessage]>('approve'),
  reject: defineSignal<[OperatorMessage]>('reject'),
} as const;
export const promotionUpdates = {
  approve: defineUpdate<Answer, [OperatorMessage]>('approve'),
  reject: defineUpdate<Answer, [OperatorMessage]>('reject'),
} as const;

export const state = defineQuery<ControllerState>('state');
export const promotionState = defineQuery<PromotionState>('state');
export const fleetState = defineQuery<FleetState>('state');
