import type { Proposal } from './decision.ts';

/** What people outside are told of. */
export const NOTICE_KINDS = [
  'recommend',
  'approval-wanted',
  'move-started',
  'move-done',
  'move-reverted',
  'move-revert-failed',
  'pause-expired',
  'reminder',
  'drift',
  'stale-input',
  'profile-wanted',
  'rights-lost',
  'rights-regained',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** One event for the outside, until every receiver has it. */
export interface Notice {
  /** Says which event it is, and so makes a second one of it none: receivers get it as their idempotency key. */
  readonly id: string;
  readonly kind: NoticeKind;
  /** Absent: it is about the fleet. */
  readonly app?: string;
  readonly atMs: number;
  /** Plain JSON; what a person needs to judge it without asking. At most `NOTICE_MAX` bytes. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Largest `data` of a notice in bytes of JSON. */
export const NOTICE_MAX = 16 * 1024;

/** The recommendation that a look makes: one event per decision. */
export function recommendNotice(proposal: Proposal, atMs: number): Notice {
  const { decisionId, app, from, to, gain, reason, expiresMs } = proposal;
  return { id: `recommend/${decisionId}`, kind: 'recommend', app, atMs, data: { decisionId, from, to, gain, reason, expiresMs } };
}

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 5 * 60_000;

/** How long a receiver is left alone with an event that it did not take, after so many tries. */
export function retryAfterMs(tries: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (tries - 1));
}
