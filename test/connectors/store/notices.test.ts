import { expect, test } from 'vitest';
import type { Notice } from '../../../domain/notice.ts';
import { DAY_MS } from '../../../connectors/store/partitions.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore();

const notice = (n: number, change: Partial<Notice> = {}): Notice => ({
  id: `recommend/a0-${n}`,
  kind: 'recommend',
  app: 'a0',
  atMs: T0 + n,
  data: { n },
  ...change,
});

async function empty(): Promise<void> {
  await fixture.sql`delete from notice`;
}

test('an event waits for each receiver until that one has it, oldest first, and its id makes a second one of it none', async () => {
  const { store } = fixture;
  await store.enqueue([notice(2), notice(1)]);
  await store.enqueue([notice(1, { data: { other: true } })]);
  expect(await store.dueNotices('ops', T0 + 9, 10)).toEqual([
    { notice: notice(1), tries: 0 },
    { notice: notice(2), tries: 0 },
  ]);
  await store.noteDelivery({ id: notice(1).id, receiver: 'ops', tries: 1, deliveredMs: T0 + 10 });
  await store.noteDelivery({ id: notice(1).id, receiver: 'pager', tries: 1, nextMs: T0 + 60, failure: 'connection refused' });
  expect(await store.dueNotices('ops', T0 + 11, 10)).toEqual([{ notice: notice(2), tries: 0 }]);
  expect(await store.dueNotices('pager', T0 + 11, 10)).toEqual([{ notice: notice(2), tries: 0 }]);
  expect(await store.dueNotices('pager', T0 + 60, 1)).toEqual([{ notice: notice(1), tries: 1 }]);
  expect(await store.undelivered()).toEqual({ count: 2, oldestMs: T0 + 1, failure: 'pager: connection refused' });
  await empty();
});

test('what all receivers have is settled, and a receiver that is added later is not told old news', async () => {
  const { store } = fixture;
  await store.enqueue([notice(1)]);
  await store.noteDelivery({ id: notice(1).id, receiver: 'ops', tries: 1, deliveredMs: T0 + 10 });
  await store.settleNotices(['ops', 'pager']);
  expect((await store.undelivered()).count).toBe(1);
  await store.settleNotices(['ops']);
  expect(await store.undelivered()).toEqual({ count: 0 });
  expect(await store.dueNotices('late', T0 + 20, 10)).toEqual([]);
  await empty();
});

test('what was delivered stays delivered, whatever a second try beside it says', async () => {
  const { store } = fixture;
  await store.enqueue([notice(1)]);
  await store.noteDelivery({ id: notice(1).id, receiver: 'ops', tries: 1, deliveredMs: T0 + 10 });
  await store.noteDelivery({ id: notice(1).id, receiver: 'ops', tries: 2, nextMs: T0 + 11, failure: 'too late' });
  expect(await store.dueNotices('ops', T0 + 20, 10)).toEqual([]);
  await empty();
});

test('where nobody is told, nothing piles up', async () => {
  const { store } = fixture;
  await store.enqueue([notice(1)]);
  await store.settleNotices([]);
  expect(await store.undelivered()).toEqual({ count: 0 });
  await empty();
});

test('an event that cannot be sent is refused by name', async () => {
  const { store } = fixture;
  await expect(store.enqueue([notice(1, { data: { text: 'x'.repeat(20_000) } })])).rejects.toThrow('at most 16384 are sent');
  await expect(store.enqueue([notice(1, { kind: 'gossip' as 'drift' })])).rejects.toThrow('no notice of the kind "gossip"');
  await expect(store.enqueue([notice(1, { id: '' })])).rejects.toThrow('1 to 300 characters');
});

test('an event that nobody took goes with the retention of decisions', async () => {
  const { store } = fixture;
  await store.enqueue([notice(1)]);
  await store.noteDelivery({ id: notice(1).id, receiver: 'ops', tries: 1, nextMs: T0 + 11, failure: 'down' });
  await store.maintain(T0 + 6 * DAY_MS);
  expect((await store.undelivered()).count).toBe(1);
  await store.maintain(T0 + 8 * DAY_MS);
  expect(await store.undelivered()).toEqual({ count: 0 });
});
