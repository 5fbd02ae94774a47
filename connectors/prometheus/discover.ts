import { z } from 'zod';
import type { Ask } from './ask.ts';
import { askRange } from './range.ts';
import { isUnknown, type Unknown, unknown } from './unknown.ts';

export type Labels = Readonly<Record<string, string>>;

/** A series that a server has, by the query that gives it. */
export interface Found {
  readonly labels: Labels;
  readonly query: string;
}

export interface Span {
  /** Epoch ms. */
  readonly startMs: number;
  readonly endMs: number;
}

/** More than this is no selection; the selectors have to say more. */
const SERIES_MAX = 20_000;
const listed = z.object({ status: z.literal('success'), data: z.array(z.record(z.string(), z.string())) });
const refused = z.object({ status: z.literal('error'), error: z.string().default('') });

/** Every series that one of the selectors matched within the span, in the order of their labels; each once. */
export async function discover(ask: Ask, selectors: readonly string[], { startMs, endMs }: Span): Promise<readonly Labels[] | Unknown> {
  const found = new Map<string, Labels>();
  for (const selector of selectors) {
    const answer = await ask.post('series', {
      'match[]': selector,
      start: String(startMs / 1000),
      end: String(endMs / 1000),
      limit: String(SERIES_MAX + 1),
    });
    const labels = isUnknown(answer) ? answer : readListed(answer, selector);
    if (isUnknown(labels)) return labels;
    for (const one of labels) found.set(JSON.stringify(Object.entries(one).sort()), one);
    if (found.size > SERIES_MAX)
      return unknown('too-large', `${selector} matches more than ${SERIES_MAX} series; say more in the selector`);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, labels]) => labels);
}

function readListed({ status, body }: { status: number; body: string }, selector: string): readonly Labels[] | Unknown {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return unknown('not-understood', `its answer (${status}) is no JSON`);
  }
  const read = listed.safeParse(raw);
  if (read.success) return read.data.data;
  const said = refused.safeParse(raw);
  return said.success
    ? unknown('bad-query', `${selector}: ${said.data.error}`)
    : unknown('not-understood', `its answer (${status}) lists no series`);
}

/** Values of one query on the grid of the span; NaN where there is none. */
export async function valuesOf(
  ask: Ask,
  query: string,
  { startMs, endMs, stepMs, lookbackS }: Span & { stepMs: number; lookbackS: number },
): Promise<Float64Array | Unknown> {
  const answer = await askRange(ask, { query, startMs, endMs, stepMs, lookbackS });
  if (isUnknown(answer)) return answer;
  if (answer.length > 1) return unknown('bad-query', `it gives ${answer.length} series, and one is wanted`);
  const values = new Float64Array(Math.floor((endMs - startMs) / stepMs) + 1).fill(NaN);
  const [series] = answer;
  series?.timesMs.forEach((t, i) => {
    const at = Math.round((t - startMs) / stepMs);
    if (at >= 0 && at < values.length) values[at] = series.values[i] ?? NaN;
  });
  return values;
}
