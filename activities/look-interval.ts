import { ScheduleNotFoundError } from '@temporalio/client';

import type { AppliedConfig } from '../domain/records.ts';
import type { ControlDeps } from './deps.ts';
import { scheduleIds } from './schedules.ts';

/** What cron can do at most: used where the Schedule cannot tell. */
const MINUTE_S = 60;

/** Seconds between looks; with cron, the longest gap between the next starts that the Schedule tells. */
export async function intervalOf(client: ControlDeps['client'], { config }: AppliedConfig): Promise<number> {
  if (config.schedules.look.every !== undefined) return config.schedules.look.every;
  const times = await nextStarts(client);
  const gaps = times.slice(1).map((t, i) => (t - (times[i] ?? t)) / 1000);
  return gaps.length === 0 ? MINUTE_S : Math.max(...gaps);
}

async function nextStarts(client: ControlDeps['client']): Promise<number[]> {
  try {
    const { info } = await client.schedule.getHandle(scheduleIds.look).describe();
    return info.nextActionTimes.map((t) => t.getTime());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return [];
    throw error;
  }
}
