import { z } from 'zod';

/** A length of time in YAML: `500ms`, `4s`, `2m`, `1h`, `7d`, or a bare number of seconds. Parsed to seconds. */
const DURATION = 'expected a duration such as 500ms, 4s, 2m, 1h or 7d';
export const duration = z.union([z.number(), z.string()], DURATION).transform((raw, ctx) => {
  const seconds = secondsOf(raw);
  if (seconds === undefined) {
    ctx.addIssue({ code: 'custom', message: `${DURATION}, got ${JSON.stringify(raw).slice(0, 40)}` });
    return z.NEVER;
  }
  return seconds;
});

const UNIT_S: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

function secondsOf(raw: number | string): number | undefined {
  if (typeof raw === 'number') return Number.isFinite(raw) && raw >= 0 ? raw : undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(raw);
  if (!match) return undefined;
  return Number(match[1]) * (UNIT_S[match[2] ?? ''] ?? NaN);
}
