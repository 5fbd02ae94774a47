import type { Config } from '../../domain/config.ts';
import type { Store } from './types.ts';
import type { Configs } from './config.ts';
import type { Sql } from './connect.ts';
import { lockFor } from './locks.ts';
import { DAY_MS, DAY_TABLES, dayOf, listPartitions, makePartitions, partitionName } from './partitions.ts';
import type { DayTable, Partition } from './partitions.ts';
import { referencedBlobs } from './referenced-blobs.ts';

/** Partitions are made for today and this many days more. */
const DAYS_AHEAD = 2;
/** A drop waits at most this long for readers, and holds up others no longer. */
const DROP_WAIT_MS = 3_000;

export function createMaintenance(sql: Sql, configs: Configs): Pick<Store, 'maintain' | 'referencedBlobs'> {
  return {
    /** Drops nothing before a configuration was applied: retention is unknown. A day goes when its last moment is past retention. */
    async maintain(nowMs) {
      const tables = Object.keys(DAY_TABLES) as DayTable[];
      const days = Array.from({ length: DAYS_AHEAD + 1 }, (_, i) => dayOf(nowMs) + i);
      const created = await makePartitions(
        sql,
        tables.flatMap((table) => days.map((day) => ({ table, day }))),
      );
      const applied = await configs.inForce();
      if (!applied) return { created, dropped: [] };
      const { retention } = applied.config;
      const dropped = await dropPartitions(
        sql,
        (await listPartitions(sql)).filter((p) => isPast(p, retention, nowMs)),
      );
      await trimRecords(sql, retention, nowMs);
      return { created, dropped };
    },
    referencedBlobs: () => referencedBlobs(sql),
  };
}

function isPast({ table, day }: Partition, retention: Config['retention'], nowMs: number): boolean {
  return (day + 1) * DAY_MS + retention[DAY_TABLES[table]] * 1000 <= nowMs;
}

/** One short transaction each, so that a reader of one table holds up no other. */
async function dropPartitions(sql: Sql, old: readonly Partition[]): Promise<string[]> {
  for (const partition of old) {
    await sql.begin(async (tx) => {
      await lockFor(tx, 'partitions');
      await tx.unsafe(`set local lock_timeout = ${DROP_WAIT_MS}`);
      await tx.unsafe(`drop table if exists ${partitionName(partition)}`);
    });
  }
  return old.map(partitionName);
}

async function trimRecords(sql: Sql, retention: Config['retention'], nowMs: number): Promise<void> {
  const keptMs = nowMs - retention.kept * 1000;
  const decidedMs = nowMs - retention.decisions * 1000;
  await sql`delete from proposal where look_ms < ${decidedMs} and (acknowledged or expires_ms < ${nowMs})`;
  await sql`delete from notice where at_ms < ${decidedMs}`;
  await sql`delete from shadow where look_ms < ${decidedMs}`;
  await sql`delete from look_model where look_ms < ${keptMs}`;
  await sql`delete from look where look_ms < ${keptMs}`;
  // A version that is just being registered has its evidence before its alias, and is far too young for this.
  await sql`
    delete from evidence e
    where newest_ms < ${keptMs} and not exists (select 1 from alias a where a.key = e.key and a.version = e.version)`;
}
