import type { Sql, Tx } from './connect.ts';
import { lockFor } from './locks.ts';
import type { Kind } from './names.ts';

/** More kinds of series than this are not telemetry but a name that carries data (an id, a time). */
const SERIES_MAX = 1000;
const SERIES_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,199}$/;

export interface SeriesList {
  readonly names: readonly string[];
  readonly positions: ReadonlyMap<string, number>;
}
export type SeriesLists = ReturnType<typeof createSeriesLists>;

/** The series of each kind in the order of the rows. A list only grows, so rows written before stay readable. */
export function createSeriesLists(sql: Sql) {
  const known: Record<Kind, SeriesList> = { app: listOf([]), site: listOf([]) };

  async function reload(kind: Kind, db: Sql | Tx = sql): Promise<SeriesList> {
    const rows = await db<{ name: string }[]>`select name from series where kind = ${kind} order by position`;
    return (known[kind] = listOf(rows.map((r) => r.name)));
  }

  return {
    reload,
    /** A list that has all of `wanted`; names that are new are appended. */
    async including(kind: Kind, wanted: ReadonlySet<string>): Promise<SeriesList> {
      const lacks = (list: SeriesList) => [...wanted].filter((name) => !list.positions.has(name));
      if (lacks(known[kind]).length === 0) return known[kind];
      if (lacks(await reload(kind)).length === 0) return known[kind];
      return sql.begin(async (tx) => {
        await lockFor(tx, 'names');
        const list = await reload(kind, tx);
        await append(tx, kind, list.names.length, lacks(list));
        return reload(kind, tx);
      });
    },
  };
}

async function append(tx: Tx, kind: Kind, from: number, names: readonly string[]): Promise<void> {
  const bad = names.find((name) => !SERIES_NAME.test(name));
  if (bad !== undefined)
    throw new RangeError(`${JSON.stringify(bad.slice(0, 80))} is no name of a series: letters, digits and _, at most 200`);
  if (from + names.length > SERIES_MAX)
    throw new RangeError(`series "${names[0]}" of a ${kind} would be number ${from + names.length}; at most ${SERIES_MAX} are kept`);
  await tx`
    insert into series (kind, position, name)
    select ${kind}, ${from} + i - 1, n from unnest(${[...names].sort()}::text[]) with ordinality u(n, i)`;
}

function listOf(names: readonly string[]): SeriesList {
  return { names, positions: new Map(names.map((name, i) => [name, i])) };
}
