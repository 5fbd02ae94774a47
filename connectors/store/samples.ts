import type { Sql } from './connect.ts';
import type { Kind } from './names.ts';

/** The samples of one entity, packed: read them with `eachSample`. */
export interface PackedSamples {
  readonly entity: number;
  readonly packed: Buffer;
}

export interface Span {
  /** After `afterMs`, up to and including `toMs`. */
  readonly afterMs: number;
  readonly toMs: number;
}

/** One row per sample would cost more to parse than to read: at 10,000 apps they are hundreds of thousands. */
const ENTITIES_PER_QUERY = 2500;

/** Calls `each` once for every entity that has a sample in the span. */
export async function readSamples(
  sql: Sql,
  kind: Kind,
  request: Span & { entities: readonly number[] },
  each: (samples: PackedSamples) => void,
): Promise<void> {
  const { entities, afterMs, toMs } = request;
  const table = sql(kind === 'app' ? 'sample_app' : 'sample_site');
  const placed = kind === 'app' ? sql`coalesce(placed, -1)` : sql`-1`;
  for (let at = 0; at < entities.length; at += ENTITIES_PER_QUERY) {
    const part = entities.slice(at, at + ENTITIES_PER_QUERY);
    await sql<PackedSamples[]>`
      select entity, string_agg(int8send(at_ms) || int4send(${placed}) || int4send(length(v)) || v, ''::bytea) as packed
      from ${table} where entity = any(${part}::int4[]) and at_ms > ${afterMs} and at_ms <= ${toMs}
      group by entity`.forEach(each);
  }
}

export interface Sample {
  readonly atMs: number;
  /** Id of a site, -1 = unknown. */
  readonly placed: number;
  /** Values at the positions of the series list; those past `count` are missing. */
  readonly count: number;
  value(position: number): number;
}

/** In no particular order. The sample is only good during the call. */
export function eachSample(packed: Buffer, each: (sample: Sample) => void): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  for (let at = 0; at < packed.length;) {
    const start = at + 16;
    const bytes = view.getInt32(at + 12);
    const count = bytes / 4;
    each({
      atMs: Number(view.getBigInt64(at)),
      placed: view.getInt32(at + 8),
      count,
      value: (position) => (position < count ? view.getFloat32(start + position * 4, true) : NaN),
    });
    at = start + bytes;
  }
}
