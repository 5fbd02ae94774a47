import type { Proposal } from '../domain/decision.ts';
import type { ApprovalMessage, MoveEnded, MoveLost, OperatorMessage, SiteMessage } from './messages.ts';

/** Small guards by hand, because a schema library does not belong in the workflow bundle; a fuzz test proves them equal to the schemas. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const ENDS = ['done', 'reverted', 'revert-failed', 'refused'];
const DECISION_MAX = 200;
const VERDICTS = ['recommend', 'approve', 'move'];
const BY_MAX = 100;
const REASON_MAX = 1000;
const FOR_MAX_S = 366 * 86_400;

const no = (why: string) => ({ ok: false, why }) as const;

export function readOperatorMessage(raw: unknown): Read<OperatorMessage> {
  return readMessage<OperatorMessage>(raw, []);
}

export function readSiteMessage(raw: unknown): Read<SiteMessage> {
  return readMessage<SiteMessage>(raw, ['site']);
}

export function readApprovalMessage(raw: unknown): Read<ApprovalMessage> {
  return readMessage<ApprovalMessage>(raw, ['decision']);
}

function readMessage<T>(raw: unknown, more: readonly string[]): Read<T> {
  const record = readRecord(raw, ['by', 'reason', 'until', 'forS', 'id', ...more]);
  if (!record.ok) return record;
  const why =
    textProblem(record.value, 'by', BY_MAX) ??
    textProblem(record.value, 'reason', REASON_MAX) ??
    (more.includes('site') ? nameProblem(record.value, 'site') : undefined) ??
    untilProblem(record.value) ??
    (record.value['decision'] === undefined ? undefined : textProblem(record.value, 'decision', DECISION_MAX)) ??
    (record.value['id'] === undefined ? undefined : textProblem(record.value, 'id', BY_MAX));
  return why === undefined ? { ok: true, value: record.value as T } : no(why);
}

export function readProposal(raw: unknown): Read<Proposal> {
  const record = readRecord(raw, ['decisionId', 'app', 'from', 'to', 'gain', 'verdict', 'expiresMs', 'reason', 'drainedBy']);
  if (!record.ok) return record;
  const v = record.value;
  const why =
    textProblem(v, 'decisionId', 200) ??
    nameProblem(v, 'app') ??
    nameProblem(v, 'from') ??
    nameProblem(v, 'to') ??
    numberProblem(v, 'gain') ??
    (VERDICTS.includes(v['verdict'] as string) ? undefined : `verdict must be one of ${VERDICTS.join(', ')}`) ??
    numberProblem(v, 'expiresMs') ??
    textProblem(v, 'reason', REASON_MAX) ??
    (v['drainedBy'] === undefined ? undefined : textProblem(v, 'drainedBy', BY_MAX));
  return why === undefined ? { ok: true, value: v as unknown as Proposal } : no(why);
}

export function readMoveEnded(raw: unknown): Read<MoveEnded> {
  const record = readRecord(raw, ['decisionId', 'end', 'why']);
  if (!record.ok) return record;
  const v = record.value;
  const why =
    textProblem(v, 'decisionId', 200) ??
    (ENDS.includes(v['end'] as string) ? undefined : `end must be one of ${ENDS.join(', ')}`) ??
    (v['why'] === undefined ? undefined : textProblem(v, 'why', REASON_MAX));
  return why === undefined ? { ok: true, value: v as unknown as MoveEnded } : no(why);
}

export function readMoveLost(raw: unknown): Read<MoveLost> {
  const record = readRecord(raw, ['decisionId']);
  if (!record.ok) return record;
  const why = textProblem(record.value, 'decisionId', 200);
  return why === undefined ? { ok: true, value: record.value as unknown as MoveLost } : no(why);
}

export function readRecord(
  raw: unknown,
  known: readonly string[],
  example = '{"by":"ann","reason":"deploy"}',
): Read<Record<string, unknown>> {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) return no(`expected one JSON object such as ${example}`);
  const strange = Object.keys(raw).find((key) => !known.includes(key));
  if (strange !== undefined) return no(`unknown field ${JSON.stringify(strange.slice(0, 60))}; known are ${known.join(', ')}`);
  return { ok: true, value: { ...(raw as Record<string, unknown>) } };
}

export function textProblem(record: Record<string, unknown>, field: string, max: number): string | undefined {
  const value = record[field];
  if (typeof value !== 'string' || value.trim() === '') return `${field} must be a text that says something`;
  return value.length > max ? `${field} is ${value.length} characters long, at most ${max} are taken` : undefined;
}

export function nameProblem(record: Record<string, unknown>, field: string): string | undefined {
  const value = record[field];
  return typeof value === 'string' && NAME.test(value) ? undefined : `${field} must be a name of a-z, 0-9 and -`;
}

export function numberProblem(record: Record<string, unknown>, field: string): string | undefined {
  return typeof record[field] === 'number' && Number.isFinite(record[field]) ? undefined : `${field} must be a number`;
}

function untilProblem(record: Record<string, unknown>): string | undefined {
  const { until, forS } = record;
  if (until !== undefined && forS !== undefined) return 'give until or forS, not both';
  if (until !== undefined && (typeof until !== 'string' || !INSTANT.test(until) || Number.isNaN(Date.parse(until)))) {
    return 'until must be an instant with a zone such as 2026-11-25T18:00:00Z';
  }
  if (forS !== undefined && (typeof forS !== 'number' || !(forS > 0) || forS > FOR_MAX_S))
    return `forS must be seconds between 0 and ${FOR_MAX_S}`;
  return undefined;
}

/** When a message ends, in epoch ms; undefined = it does not. */
export function untilOf(message: OperatorMessage, nowMs: number): number | undefined {
  if (message.until !== undefined) return Date.parse(message.until);
  return message.forS === undefined ? undefined : nowMs + Math.round(message.forS * 1000);
}
