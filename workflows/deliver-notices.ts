import { outside } from './activity-groups.ts';

/** Tells the receivers what has come up since the last time. Its Schedule starts it; what it cannot deliver waits in the outbox for the next one. */
export async function deliverNotices(): Promise<{ delivered: number; failed: number }> {
  return await outside.deliverNotices({});
}
