import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml';

export type Path = readonly (string | number)[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * Line and column, from 1, of a value in a YAML document; of its key where `key` is asked for. A path that leads nowhere ends at
 * the deepest place that exists: what is missing is missing there.
 */
export function placeOf({ doc, lines }: { doc: Document.Parsed; lines: LineCounter }, path: Path, want: 'value' | 'key' = 'value'): Place {
  let node: unknown = doc.contents;
  let offset = offsetOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(doc);
    const next = childOf(node, step);
    if (!next) break;
    const last = depth === path.length - 1;
    offset = (last && want === 'key' ? undefined : offsetOf(next.value)) ?? offsetOf(next.key) ?? offset;
    // A value on lines of its own is found by its key: "in sites" says more than the line of its first entry.
    if (last && !isScalar(next.value) && !isAlias(next.value)) offset = offsetOf(next.key) ?? offset;
    node = next.value;
  }
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function childOf(node: unknown, step: string | number): { key?: unknown; value: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((p) => String(isScalar(p.key) ? p.key.value : p.key) === String(step));
    return pair && { key: pair.key, value: pair.value };
  }
  if (isSeq(node) && typeof step === 'number' && step < node.items.length) return { value: node.items[step] };
  return undefined;
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
