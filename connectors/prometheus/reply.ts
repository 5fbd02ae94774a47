import { z } from 'zod';
import { type Unknown, unknown } from './unknown.ts';

/** One series of an answer: its labels, and samples by time. A sample that is no finite number is left out. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch ms, ascending, and the values beside them. */
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

const sample = z.tuple([z.number(), z.string()]);
const success = z.object({
  status: z.literal('success'),
  warnings: z.array(z.string()).optional(),
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(sample) })),
    }),
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: sample })) }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
    z.object({ resultType: z.literal('string'), result: sample }),
  ]),
});
const failure = z.object({ status: z.literal('error'), errorType: z.string().default('unknown'), error: z.string().default('') });

/** Reads the body of an answer. An empty result is an answer: nothing is known of any series, which is not zero. */
export function readReply({ status, body }: { readonly status: number; readonly body: string }): readonly Series[] | Unknown {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return unknown('not-understood', `its answer (${status}) is no JSON`, status >= 500);
  }
  const failed = failure.safeParse(raw);
  if (failed.success) return refused(failed.data);
  const read = success.safeParse(raw);
  if (!read.success)
    return unknown(
      'not-understood',
      `its answer (${status}) has another shape than the Prometheus API: ${read.error.issues[0]?.message ?? ''}`,
    );
  // Thanos and others answer with what they could reach; what is missing cannot be told from what is not there.
  if (read.data.warnings?.length) return unknown('partial', `it warns: ${read.data.warnings.join('; ')}`, true);
  return seriesOf(read.data.data);
}

function refused({ errorType, error }: z.output<typeof failure>): Unknown {
  if (errorType === 'timeout' || errorType === 'canceled') return unknown('overloaded', `the query took too long: ${error}`, true);
  if (errorType === 'unavailable' || errorType === 'internal') return unknown('server-error', `${errorType}: ${error}`, true);
  return unknown('bad-query', `${errorType}: ${error}`);
}

function seriesOf(data: z.output<typeof success>['data']): readonly Series[] {
  switch (data.resultType) {
    case 'matrix':
      return data.result.map(({ metric, values }) => series(metric, values));
    case 'vector':
      return data.result.map(({ metric, value }) => series(metric, [value]));
    case 'scalar':
    case 'string':
      return [series({}, [data.result])];
  }
}

function series(labels: Readonly<Record<string, string>>, samples: readonly (readonly [number, string])[]): Series {
  const known = samples.flatMap(([seconds, text]) => {
    const value = Math.fround(Number(text));
    return text !== '' && Number.isFinite(value) ? [[Math.round(seconds * 1000), value] as const] : [];
  });
  return { labels, timesMs: known.map(([t]) => t), values: known.map(([, v]) => v) };
}
