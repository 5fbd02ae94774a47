import type { Proposal } from '../../domain/decision.ts';
import type { Store } from './types.ts';
import type { Sql } from './connect.ts';

/** The outbox: oldest first, until acknowledged or expired. */
export function createProposals(sql: Sql): Pick<Store, 'pendingProposals' | 'acknowledge'> {
  return {
    async pendingProposals(nowMs, limit) {
      const rows = await sql<{ body: string }[]>`
        select body from proposal where not acknowledged and expires_ms > ${nowMs} order by look_ms, decision_id limit ${limit}`;
      return rows.map(({ body }) => JSON.parse(body) as Proposal);
    },
    async acknowledge(decisionIds) {
      await sql`update proposal set acknowledged = true where decision_id = any(${[...decisionIds]}::text[])`;
    },
  };
}
