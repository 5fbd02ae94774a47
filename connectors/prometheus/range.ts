import { withLookback } from '../../domain/promql.ts';
import type { Ask } from './ask.ts';
import { readReply, type Series } from './reply.ts';
import { isUnknown, type Unknown } from './unknown.ts';

export interface Range {
  readonly query: string;
  /** Epoch ms of the first and last evaluation. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** Seconds after which a sample is none. */
  readonly lookbackS: number;
}

/** Below the 11,000 points per series at which the server refuses. */
const POINTS_MAX = 10_000;
const TRIES = 3;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/** Asks over a range, in pieces the server takes, each tried again while that may help. What fails in one piece is unknown as a whole. */
export async function askRange(ask: Ask, range: Range): Promise<readonly Series[] | Unknown> {
  const pieces: (readonly Series[])[] = [];
  const span = (POINTS_MAX - 1) * range.stepMs;
  for (let startMs = range.startMs; startMs <= range.endMs; startMs += span + range.stepMs) {
    const piece = await askPiece(ask, { ...range, startMs, endMs: Math.min(range.endMs, startMs + span) });
    if (isUnknown(piece)) return piece;
    pieces.push(piece);
  }
  return pieces.length === 1 ? (pieces[0] ?? []) : joined(pieces);
}

async function askPiece(ask: Ask, { query, startMs, endMs, stepMs, lookbackS }: Range): Promise<readonly Series[] | Unknown> {
  const form = {
    query: withLookback(query, lookbackS),
    start: String(startMs / 1000),
    end: String(endMs / 1000),
    step: String(stepMs / 1000),
  };
  return await patiently(async () => {
    const answer = await ask.post('query_range', form);
    return isUnknown(answer) ? answer : readReply(answer);
  });
}

/** Seconds by which the server's clock is ahead of `nowMs`. */
export async function askSkewS(ask: Ask, clock: () => number): Promise<number | Unknown> {
  const answer = await patiently(async () => {
    const beforeMs = clock();
    const reply = await ask.post('query', { query: 'time()' });
    if (isUnknown(reply)) return reply;
    const read = readReply(reply);
    const middleMs = (beforeMs + clock()) / 2;
    return isUnknown(read) ? read : read.map((s) => ({ ...s, values: s.timesMs.map((t) => (t - middleMs) / 1000) }));
  });
  return isUnknown(answer) ? answer : (answer[0]?.values[0] ?? NaN);
}

async function patiently(once: () => Promise<readonly Series[] | Unknown>): Promise<readonly Series[] | Unknown> {
  for (let tried = 1; ; tried++) {
    const answer = await once();
    if (!isUnknown(answer) || !answer.retryable || tried === TRIES) return answer;
    const waitMs = answer.retryAfterS === undefined ? FIRST_WAIT_MS * 2 ** (tried - 1) : answer.retryAfterS * 1000;
    if (waitMs > LONGEST_WAIT_MS) return answer;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

function joined(pieces: readonly (readonly Series[])[]): readonly Series[] {
  const byLabels = new Map<string, { labels: Series['labels']; timesMs: number[]; values: number[] }>();
  for (const series of pieces.flat()) {
    const key = JSON.stringify(Object.entries(series.labels).sort());
    const known = byLabels.get(key) ?? { labels: series.labels, timesMs: [], values: [] };
    for (const t of series.timesMs) known.timesMs.push(t);
    for (const v of series.values) known.values.push(v);
    byLabels.set(key, known);
  }
  return [...byLabels.values()];
}
