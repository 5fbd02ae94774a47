import { log } from '@temporalio/activity';

import type { Delivery } from '../connectors/ports.ts';
import type { DueNotice } from '../connectors/store/types.ts';
import { cloudEventOf } from '../domain/cloud-event.ts';
import { retryAfterMs } from '../domain/notice.ts';
import type { ReceiverConfig } from '../domain/notification-config.ts';
import { beating } from './beating.ts';
import type { ControlDeps } from './deps.ts';

/** Events taken from the outbox at a time, and the longest that one call goes on: the next one comes soon. */
const BATCH = 100;
const LONGEST_MS = 45_000;

export interface Delivered {
  readonly delivered: number;
  readonly failed: number;
}

export const noticeActivities = (deps: ControlDeps) => ({
  /** Tells the receivers of the configuration in force what they have not been told yet. What fails waits longer with every try. */
  async deliverNotices(_: object): Promise<Delivered> {
    return await beating(() => deliverAll(deps));
  },
});

/** Receivers side by side: one that is slow or away holds up no other. */
async function deliverAll(deps: ControlDeps): Promise<Delivered> {
  const receivers = Object.entries((await deps.store.config())?.config.notifications.receivers ?? {});
  const came = await Promise.all(receivers.map(([name, config]) => deliverTo(deps, { name, config })));
  await deps.store.settleNotices(receivers.map(([name]) => name));
  return {
    delivered: came.reduce((sum, one) => sum + one.delivered, 0),
    failed: came.reduce((sum, one) => sum + one.failed, 0),
  };
}

interface Receiver {
  readonly name: string;
  readonly config: ReceiverConfig;
}

async function deliverTo(deps: ControlDeps, receiver: Receiver): Promise<Delivered> {
  const endMs = deps.clock() + LONGEST_MS;
  let [delivered, failed] = [0, 0];
  for (;;) {
    const due = await deps.store.dueNotices(receiver.name, deps.clock(), BATCH);
    for (const one of due) {
      if (deps.clock() > endMs) return { delivered, failed };
      const came = await deliver(deps, one, receiver);
      if (came.delivered) delivered++;
      else failed++;
      if (!came.delivered && came.down) return { delivered, failed };
    }
    if (due.length < BATCH) return { delivered, failed };
  }
}

async function deliver(
  { store, notifier, clock }: ControlDeps,
  { notice, tries }: DueNotice,
  { name, config }: Receiver,
): Promise<Delivery> {
  const came = await notifier.send(cloudEventOf(notice, store.installation), config);
  const tried = { id: notice.id, receiver: name, tries: tries + 1 };
  if (came.delivered) {
    await store.noteDelivery({ ...tried, deliveredMs: clock() });
    return came;
  }
  log.warn('an event was not taken', { receiver: name, id: notice.id, tries: tried.tries, why: came.why });
  await store.noteDelivery({ ...tried, nextMs: clock() + retryAfterMs(tried.tries), failure: came.why });
  return came;
}
