import type { Proposal } from './decision.ts';
import type { Claim, FleetRow } from './records.ts';

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

/** What a look puts up for people to see or to say yes to: one event per decision. A move is told when it is admitted. */
export function proposalNotice(proposal: Proposal, atMs: number): Notice | undefined {
  const { decisionId, app, from, to, gain, reason, expiresMs, verdict } = proposal;
  if (verdict === 'move') return undefined;
  const kind = verdict === 'approve' ? 'approval-wanted' : 'recommend';
  return { id: `${kind}/${decisionId}`, kind, app, atMs, data: { decisionId, from, to, gain, reason, expiresMs } };
}

const ENDS = { done: 'move-done', reverted: 'move-reverted', 'revert-failed': 'move-revert-failed' } as const;

/** The begin of a move, or its end once it has one. A profile moves its app too, but on purpose; and what was refused touched nothing. */
export function moveNotice(claim: Claim): Notice | undefined {
  const { decisionId, app, from, to, origin, reason, by, predictedGain, end, openedMs, endedMs, why, scoreBefore, scoreAfter } = claim;
  if (origin === 'profile' || end === 'refused') return undefined;
  const kind = end === undefined ? 'move-started' : ENDS[end];
  const data = { decisionId, from, to, origin, reason, by, predictedGain, why, scoreBefore, scoreAfter };
  return { id: `${kind}/${decisionId}`, kind, app, atMs: endedMs ?? openedMs, data };
}

/** A pause that has run out by itself: `before` said until when, and `after` knows it no more. */
export function pauseNotice(
  { before, after, app }: { before: Paused | undefined; after: Paused; app?: string },
  nowMs: number,
): Notice | undefined {
  const untilMs = before?.pause?.untilMs;
  if (!before?.pause || after.paused || untilMs === undefined || untilMs > nowMs + CLOCK_SKEW_MS) return undefined;
  const id = `pause-expired/${app ?? ''}/${untilMs}`;
  return { id, kind: 'pause-expired', ...(app !== undefined && { app }), atMs: untilMs, data: { ...before.pause } };
}
type Paused = Pick<FleetRow, 'paused' | 'pause'>;
/** The clock that ended the pause and the one that looks may differ by so much. */
const CLOCK_SKEW_MS = 5_000;

const NAMED = 20;

/** Apps that a look could not decide about for want of fresh and complete input, and that the look before could. */
export function staleNotice(lookMs: number, apps: readonly string[]): Notice | undefined {
  if (apps.length === 0) return undefined;
  return { id: `stale-input/${lookMs}`, kind: 'stale-input', atMs: lookMs, data: { count: apps.length, apps: apps.slice(0, NAMED) } };
}

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 5 * 60_000;

/** How long a receiver is left alone with an event that it did not take, after so many tries. */
export function retryAfterMs(tries: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (tries - 1));
}
