import { heartbeat } from '@temporalio/activity';

const BEAT_MS = 1000;

/** Runs `work` and says every second that this process lives, so that its end is noticed in seconds however long a step of the work takes. */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => heartbeat(), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
