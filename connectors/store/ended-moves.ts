import type { EndedMove } from '../../domain/breaker.ts';
import type { MoveEnd } from '../../domain/records.ts';
import type { Db } from './connect.ts';

/** How the newest moves ended, newest first; profiles are no moves. */
export async function newestEnds(db: Db, limit: number): Promise<EndedMove[]> {
  const rows = await db<{ ended: MoveEnd; ended_ms: number; why: string | null }[]>`
    select ended, ended_ms, why from claim where ended in ('done', 'reverted', 'revert-failed') and origin <> 'profile'
      and why is distinct from 'cancelled' order by ended_ms desc limit ${limit}`;
  return rows.map((row) => ({ end: row.ended, endedMs: row.ended_ms, ...(row.why !== null && { why: row.why }) }));
}
