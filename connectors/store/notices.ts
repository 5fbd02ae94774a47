import { type Notice, NOTICE_KINDS, NOTICE_MAX, type NoticeKind } from '../../domain/notice.ts';
import type { Store } from './types.ts';
import type { Db, Sql } from './connect.ts';

const ID_MAX = 300;

/** The outbox of events for the outside. An event waits for every receiver by itself, so that one that is down holds up no other. */
export function createNotices(sql: Sql): Pick<Store, 'enqueue' | 'dueNotices' | 'settleNotices' | 'noteDelivery' | 'undelivered'> {
  return {
    enqueue: (notices) => insertNotices(sql, notices),
    async dueNotices(receiver, nowMs, limit) {
      const rows = await sql<(Row & { readonly tries: number })[]>`
        select n.id, n.kind, n.app, n.at_ms, n.data, coalesce(d.tries, 0)::int4 as tries
        from notice n left join notice_delivery d on d.notice = n.id and d.receiver = ${receiver}
        where not n.settled and d.delivered_ms is null and coalesce(d.next_ms, 0) <= ${nowMs}
        order by n.at_ms, n.id limit ${limit}`;
      return rows.map((row) => ({ notice: readNotice(row), tries: row.tries }));
    },
    /** Without any receiver nobody waits, and nothing piles up. */
    async settleNotices(receivers) {
      await sql`
        update notice n set settled = true where not settled and (
          select count(*) from notice_delivery d
          where d.notice = n.id and d.delivered_ms is not null and d.receiver = any(${[...receivers]}::text[])
        ) = ${receivers.length}`;
    },
    async noteDelivery(one) {
      const [delivered, next, failure] =
        'deliveredMs' in one ? [one.deliveredMs, one.deliveredMs, null] : [null, one.nextMs, one.failure.slice(0, 500)];
      // What was delivered once stays delivered, whatever a second try that ran beside it says.
      await sql`
        insert into notice_delivery as d (notice, receiver, tries, next_ms, delivered_ms, failure)
        values (${one.id}, ${one.receiver}, ${one.tries}, ${next}, ${delivered}, ${failure})
        on conflict (notice, receiver) do update
        set tries = excluded.tries, next_ms = excluded.next_ms, delivered_ms = excluded.delivered_ms, failure = excluded.failure
        where d.delivered_ms is null`;
    },
    async undelivered() {
      const [row] = await sql<{ count: number; oldest: number | null; failure: string | null }[]>`
        select count(*)::int8 as count, min(at_ms) as oldest, (
          select receiver || ': ' || failure from notice_delivery d join notice n on n.id = d.notice
          where not n.settled and failure is not null order by n.at_ms limit 1
        ) as failure from notice where not settled`;
      const { count = 0, oldest = null, failure = null } = row ?? {};
      return { count, ...(oldest !== null && { oldestMs: oldest }), ...(failure !== null && { failure }) };
    },
  };
}

/** Inside the caller's transaction or alone. Throws RangeError for an event that no receiver could take. */
export async function insertNotices(db: Db, given: readonly (Notice | undefined)[]): Promise<void> {
  const notices = given.filter((n) => n !== undefined);
  if (notices.length === 0) return;
  notices.forEach(check);
  const text = (of: (n: Notice) => string | null) => notices.map(of);
  await db`
    insert into notice (id, kind, app, at_ms, data)
    select * from unnest(${text((n) => n.id)}::text[], ${text((n) => n.kind)}::text[], ${text((n) => n.app ?? null)}::text[],
      ${notices.map((n) => n.atMs)}::int8[], ${text((n) => JSON.stringify(n.data))}::text[])
    on conflict (id) do nothing`;
}

function check({ id, kind, data }: Notice): void {
  if (id === '' || id.length > ID_MAX) throw new RangeError(`the id of a notice has 1 to ${ID_MAX} characters, this one ${id.length}`);
  if (!NOTICE_KINDS.includes(kind)) throw new RangeError(`there is no notice of the kind "${kind}": ${NOTICE_KINDS.join(', ')}`);
  const bytes = Buffer.byteLength(JSON.stringify(data));
  if (bytes > NOTICE_MAX) throw new RangeError(`the notice ${id} has ${bytes} bytes; at most ${NOTICE_MAX} are sent`);
}

interface Row {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly app: string | null;
  readonly at_ms: number;
  readonly data: string;
}

function readNotice(row: Row): Notice {
  return {
    id: row.id,
    kind: row.kind,
    ...(row.app !== null && { app: row.app }),
    atMs: row.at_ms,
    data: JSON.parse(row.data) as Notice['data'],
  };
}
