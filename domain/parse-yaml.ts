import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { nearestName } from './nearest-name.ts';
import { safeText } from './safe-text.ts';
import { type Path, type Place, placeOf } from './yaml-place.ts';

export interface ConfigProblem {
  /** Dotted, e.g. `apps.web.local.start`; empty for the file itself. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What a check beyond the schema found; a warning does not stop. */
export interface Finding {
  readonly kind: 'problem' | 'warning';
  readonly path: Path;
  readonly message: string;
}

export type ParsedYaml<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const MAX_BYTES = 1024 * 1024;
/** Aliases may repeat a policy here and there; more is an attempt to blow up. */
const MAX_ALIASES = 100;

/** Reads YAML by a schema and checks of the raw value. Never throws; lists every problem of a wrong file at once, in the order of its lines. */
export function parseYaml<T>(text: string, schema: z.ZodType<T>, check: (raw: unknown) => readonly Finding[]): ParsedYaml<T> {
  if (Buffer.byteLength(text) > MAX_BYTES)
    return failed([{ path: '', line: 1, column: 1, message: `the file is larger than ${MAX_BYTES} bytes` }]);
  const source = readYaml(text);
  if ('problems' in source) return failed(source.problems);

  const parsed = schema.safeParse(source.raw);
  const findings = check(source.raw);
  const place = (path: Path, message: string, want: 'value' | 'key' = 'value') => problemAt(placeOf(source, path, want), path, message);
  const known = (path: Path) => keysAt(z.toJSONSchema(schema, { io: 'input' }), path);
  const problems = [
    ...protoKeys(source.raw, []).map((path) => place(path, 'this key is not allowed', 'key')),
    ...(parsed.error?.issues ?? []).flatMap((issue) => explainIssue(issue, place, known)),
    ...findings.filter((f) => f.kind === 'problem').map((f) => place(f.path, f.message)),
  ];
  if (problems.length > 0 || !parsed.success) return failed(problems);
  const warnings = findings.filter((f) => f.kind === 'warning').map((f) => place(f.path, f.message));
  return {
    ok: true,
    value: parsed.data,
    warnings: [...source.warnings, ...warnings.map((w) => `line ${w.line}: ${w.path}: ${w.message}`)],
  };
}

interface Source {
  readonly doc: Document.Parsed;
  readonly lines: LineCounter;
  readonly raw: unknown;
  readonly warnings: readonly string[];
}

function readYaml(text: string): Source | { problems: readonly ConfigProblem[] } {
  const lines = new LineCounter();
  try {
    const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
    const at = (pos: number): Place => ({ line: lines.linePos(pos).line, column: lines.linePos(pos).col });
    if (doc.errors.length > 0) return { problems: doc.errors.map((e) => problemAt(at(e.pos[0]), [], e.message)) };
    return {
      doc,
      lines,
      raw: doc.toJS({ maxAliasCount: MAX_ALIASES }),
      warnings: doc.warnings.map((w) => `line ${at(w.pos[0]).line}: ${w.message}`),
    };
  } catch (error) {
    // The parser recurses, so absurd nesting ends in RangeError; too many aliases end in ReferenceError.
    if (error instanceof RangeError) return { problems: [problemAt({ line: 1, column: 1 }, [], 'the file is nested too deeply')] };
    if (error instanceof ReferenceError) return { problems: [problemAt({ line: 1, column: 1 }, [], error.message)] };
    throw error;
  }
}

function failed(problems: readonly ConfigProblem[]): { ok: false; problems: readonly ConfigProblem[] } {
  return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

function problemAt({ line, column }: Place, path: Path, message: string): ConfigProblem {
  return { path: path.map((step) => String(step).slice(0, 80)).join('.'), line, column, message };
}

type Issue = z.core.$ZodIssue;
type At = (path: Path, message: string, want?: 'value' | 'key') => ConfigProblem;

function explainIssue(issue: Issue, at: At, knownAt: (path: Path) => readonly string[]): readonly ConfigProblem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    const known = knownAt(path);
    return issue.keys.map((key) => {
      const near = nearestName(key, known);
      const hint = near === undefined ? `; known here: ${known.join(', ')}` : `; did you mean ${near}?`;
      return at([...path, key], `unknown key ${safeText(key, 80)}${known.length > 0 ? hint : ''}`, 'key');
    });
  }
  if (issue.code === 'invalid_key') return [at(path, issue.issues[0]?.message ?? issue.message, 'key')];
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [at(path, missing ? `is required (${issue.expected})` : issue.message)];
}

/** Keys the schema knows at a path, read from the JSON schema because that is plain data. */
function keysAt(schema: unknown, path: Path): readonly string[] {
  let node: unknown = schema;
  for (const step of path) {
    const { properties, additionalProperties, items } = (node ?? {}) as {
      properties?: Record<string, unknown>;
      additionalProperties?: unknown;
      items?: unknown;
    };
    node = properties?.[String(step)] ?? (typeof step === 'number' ? items : additionalProperties);
  }
  return Object.keys((node as { properties?: object } | undefined)?.properties ?? {});
}

/** Paths of keys that would reach the prototype of whatever the value is merged into. */
function protoKeys(value: unknown, path: Path, seen = new Set<object>()): readonly Path[] {
  // An anchor may contain its own alias: each object is visited once.
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const step = (key: string) => (Array.isArray(value) ? Number(key) : key);
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '__proto__' ? [[...path, key]] : protoKeys(inner, [...path, step(key)], seen),
  );
}
