import type { Change, Platform } from '../../connectors/ports.ts';
import { connect, type Sql, type Tx } from '../../connectors/store/connect.ts';
import type { Placement, Snapshot } from '../../domain/records.ts';
import { homeOf } from './fleet.ts';

export interface AbsentCluster extends Pick<Platform, 'cluster' | 'actuator'> {
  close(): Promise<void>;
}

interface Row {
  readonly app: string;
  readonly site: string;
  readonly decision_id: string;
  readonly generation: number;
}

/** Makes the tables of an absent cluster; once, before any process opens it. */
export async function makeAbsentCluster(sql: Sql): Promise<void> {
  await sql`create schema absent`;
  await sql`create table absent.placement (app text primary key, site text not null, decision_id text not null, generation int4 not null)`;
  await sql`create table absent.change (id text primary key)`;
}

/**
 * A cluster without apps: each is on the site of its number until a move inserts another, and is ready there at once. The rows are in the
 * bench's own database, because several processes share them and some of them are killed.
 */
export function absentCluster({ url, sites }: { url: string; sites: readonly string[] }): AbsentCluster {
  const sql = connect({ url, max: 2 });
  const find = async (db: Sql | Tx, app: string): Promise<Omit<Row, 'decision_id'> & { decision_id?: string }> => {
    const [row] = await db<Row[]>`select * from absent.placement where app = ${app}`;
    return row ?? { app, site: homeOf(app, sites), generation: 0 };
  };
  return {
    cluster: {
      sites: () => Promise.resolve(sites.map((site) => ({ site, ready: true }))),
      async placements(apps): Promise<Placement[]> {
        const rows =
          apps.length < 100
            ? await sql<Row[]>`select * from absent.placement where app = any(${[...apps]}::text[])`
            : await sql<Row[]>`select * from absent.placement`;
        const moved = new Map(rows.map(({ app, site }) => [app, site]));
        return apps.map((app) => ({ app, site: moved.get(app) ?? homeOf(app, sites) }));
      },
      feasibility: () => Promise.resolve([]),
    },
    actuator: {
      async observe(app) {
        const { site, generation, decision_id: decisionId } = await find(sql, app);
        return { app, site, ready: true, generation, ...(decisionId !== undefined && { decisionId }) };
      },
      async snapshot(app): Promise<Snapshot> {
        const { site, generation } = await find(sql, app);
        return { app, site, generation, original: { site } };
      },
      dryRun: () => Promise.resolve({ ok: true as const }),
      async apply(change) {
        const { done, generation } = await put(change);
        return { applied: done, generation };
      },
      async ready({ app, to }) {
        return { ready: (await find(sql, app)).site === to };
      },
      async restore({ app, site }, decisionId) {
        const { done, generation } = await put({ app, to: site, decisionId });
        return { restored: done, generation };
      },
    },
    close: () => sql.end({ timeout: 5 }),
  };

  /** At most once per decision id. */
  async function put({ app, to, decisionId }: Change): Promise<{ done: boolean; generation: number }> {
    return await sql.begin(async (tx) => {
      const first = await tx`insert into absent.change (id) values (${decisionId}) on conflict do nothing returning id`;
      const { generation } = await find(tx, app);
      if (first.length === 0) return { done: false, generation };
      await tx`
        insert into absent.placement (app, site, decision_id, generation) values (${app}, ${to}, ${decisionId}, ${generation + 1})
        on conflict (app) do update set site = excluded.site, decision_id = excluded.decision_id, generation = excluded.generation`;
      return { done: true, generation: generation + 1 };
    });
  }
}
