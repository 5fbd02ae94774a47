import type { Db, Sql } from './connect.ts';

export type Kind = 'app' | 'site';

interface Known {
  readonly ids: Map<string, number>;
  readonly names: Map<number, string>;
}

export type Names = ReturnType<typeof createNames>;

/** Ids of apps and sites. They only grow and never change their meaning, so what was read once stays true. */
export function createNames(sql: Sql) {
  const known: Record<Kind, Known> = {
    app: { ids: new Map(), names: new Map() },
    site: { ids: new Map(), names: new Map() },
  };

  async function reload(kind: Kind): Promise<void> {
    for (const { id, name } of await readNames(sql, kind)) {
      known[kind].ids.set(name, id);
      known[kind].names.set(id, name);
    }
  }

  return {
    /** Every id there is now. */
    async all(kind: Kind): Promise<ReadonlyMap<string, number>> {
      await reload(kind);
      return new Map(known[kind].ids);
    },
    /** The ids of all names that exist; a name that no configuration ever had is not in it. */
    async ids(kind: Kind, wanted: Iterable<string>): Promise<ReadonlyMap<string, number>> {
      const { ids } = known[kind];
      for (const name of wanted) {
        if (ids.has(name)) continue;
        await reload(kind);
        break;
      }
      return ids;
    },
    /** Ids that come from rows: every one has its name, or the database is damaged. Without `wanted`: any there is now. */
    async named(kind: Kind, wanted?: Iterable<number>): Promise<(id: number) => string> {
      const { names } = known[kind];
      if (!wanted) await reload(kind);
      for (const id of wanted ?? []) {
        if (names.has(id)) continue;
        await reload(kind);
        break;
      }
      return (id) => {
        const name = names.get(id);
        if (name === undefined) throw new Error(`a row names ${kind} ${id}, which the table ${kind} lacks`);
        return name;
      };
    },
  };
}

/** The id, or a RangeError that names what is unknown and where it stood. */
export function idOf(ids: ReadonlyMap<string, number>, kind: Kind, name: string): number {
  const id = ids.get(name);
  if (id === undefined) throw new RangeError(`${kind} "${name}" is in no configuration that was applied`);
  return id;
}

export async function readNames(db: Db, kind: Kind): Promise<readonly { id: number; name: string }[]> {
  return db<{ id: number; name: string }[]>`select id, name from ${db(kind)} order by id`;
}
