import { parser } from '@prometheus-io/lezer-promql';

/** Where a query cannot be read, as `line:column` from 1, and what stands there; undefined = it can. Grammar only: whether a series exists is not asked. */
export function promqlProblem(query: string): string | undefined {
  let wrong: string | undefined;
  parser.parse(query).iterate({
    enter(node) {
      if (!node.type.isError || wrong !== undefined) return;
      const before = query.slice(0, node.from).split('\n');
      const found = query.slice(node.from, node.from + 20).trim();
      wrong = `not a query at ${before.length}:${(before.at(-1) ?? '').length + 1}, ${found === '' ? 'where it ends' : `at "${found}"`}`;
    },
  });
  return wrong;
}

/** What may stand behind a selector and belongs to it. */
const MODIFIERS = /^(?:\s*(?:offset\s+-?\s*[0-9][0-9a-z.]*|@\s*(?:-?[0-9][0-9.]*(?:e[+-]?[0-9]+)?|start\s*\(\s*\)|end\s*\(\s*\))))+/i;

/**
 * The same query, for which a sample older than `lookbackS` is none. By itself Prometheus repeats the last sample of a series for five minutes,
 * and that looks like a fresh one: so every instant selector becomes the last sample of a stretch as long as `lookbackS`. Ranges stay as they
 * are, and so does what `timestamp()` asks.
 */
export function withLookback(query: string, lookbackS: number): string {
  const ms = `${Math.max(1, Math.round(lookbackS * 1000))}ms`;
  let out = '';
  let done = 0;
  parser.parse(query).iterate({
    enter({ name, node, from, to }) {
      if (name !== 'VectorSelector' || node.parent?.name === 'MatrixSelector' || isTimestamped(query, from)) return;
      const [modifiers = ''] = MODIFIERS.exec(query.slice(to)) ?? [];
      out += `${query.slice(done, from)}last_over_time(${query.slice(from, to)}[${ms}]${modifiers})`;
      done = to + modifiers.length;
    },
  });
  return out + query.slice(done);
}

function isTimestamped(query: string, at: number): boolean {
  return /\btimestamp\s*\(\s*$/.test(query.slice(0, at));
}
