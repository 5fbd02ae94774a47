import { pauseNotice } from '../../domain/notice.ts';
import type { ControllerRow, FleetRow } from '../../domain/records.ts';
import type { Store } from './types.ts';
import type { Db, Sql, Tx } from './connect.ts';
import { shareLock } from './locks.ts';
import { insertNotices } from './notices.ts';

type MirrorMethods = Pick<Store, 'mirrorController' | 'controllers' | 'controller' | 'mirrorFleet' | 'fleet'>;

/**
 * What controllers say of themselves; only a higher sequence number writes. Mirrors stand against claims (not against each other):
 * when one that says "paused" has returned, no claim is admitted that had not seen it.
 */
export function createMirrors(sql: Sql): MirrorMethods {
  return {
    async mirrorController(row) {
      await sql.begin(async (tx) => {
        await shareLock(tx, 'claims');
        await tellExpiry(tx, { before: await controllerOf(tx, row.app), after: row, app: row.app });
        await tx`
          insert into controller as c (app, seq, body) values (${row.app}, ${row.seq}, ${JSON.stringify(row)})
          on conflict (app) do update set seq = excluded.seq, body = excluded.body where excluded.seq > c.seq`;
      });
    },
    async controllers() {
      return (await sql<{ body: string }[]>`select body from controller order by app`).map(({ body }) => JSON.parse(body) as ControllerRow);
    },
    controller: (app) => controllerOf(sql, app),
    async mirrorFleet(row) {
      await sql.begin(async (tx) => {
        await shareLock(tx, 'claims');
        await tellExpiry(tx, { before: await fleetOf(tx), after: row });
        await tx`
          insert into fleet as f (seq, body) values (${row.seq}, ${JSON.stringify(row)})
          on conflict (one) do update set seq = excluded.seq, body = excluded.body where excluded.seq > f.seq`;
      });
    },
    fleet: () => fleetOf(sql),
  };
}

/** A late mirror that says again what was so before finds the same event in the outbox. */
async function tellExpiry(tx: Tx, change: Parameters<typeof pauseNotice>[0]): Promise<void> {
  if (change.before?.pause?.untilMs === undefined || change.after.paused) return;
  const [clock] = await tx<{ now: number }[]>`select (extract(epoch from clock_timestamp()) * 1000)::int8 as now`;
  await insertNotices(tx, [pauseNotice(change, clock?.now ?? 0)]);
}

export async function controllerOf(db: Db, app: string): Promise<ControllerRow | undefined> {
  const [row] = await db<{ body: string }[]>`select body from controller where app = ${app}`;
  return row && (JSON.parse(row.body) as ControllerRow);
}

export async function fleetOf(db: Db): Promise<FleetRow | undefined> {
  const [row] = await db<{ body: string }[]>`select body from fleet`;
  return row && (JSON.parse(row.body) as FleetRow);
}
