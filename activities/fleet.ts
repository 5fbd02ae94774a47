import { ScheduleNotFoundError } from '@temporalio/client';

import { isRunning } from './claims.ts';
import type { ControlDeps } from './deps.ts';
import { intervalOf } from './look-interval.ts';
import { scheduleIds } from './schedules.ts';

export const fleetActivities = ({ store, client, clock }: ControlDeps) => ({
  /** What is wrong with the fleet as a whole, in sentences; none = nothing that can be seen. Also keeps the store's partitions. */
  async checkFleet(_: object): Promise<{ findings: string[] }> {
    const applied = await store.config();
    if (!applied) return { findings: ['no configuration is applied'] };
    await store.maintain(clock());
    const findings = [...(await lateLooks()), ...(await silentSchedule()), ...(await strayClaims())];
    return { findings: findings.slice(0, 50) };

    async function lateLooks(): Promise<string[]> {
      const last = await store.lastLook();
      if (!last) return ['there has been no look yet'];
      const everyS = applied && (await intervalOf(client, applied));
      const ageS = (clock() - last.lookMs) / 1000;
      return everyS !== undefined && ageS > 3 * everyS ? [`the last look is ${ageS.toFixed(0)} s old, it should be every ${everyS} s`] : [];
    }

    async function silentSchedule(): Promise<string[]> {
      try {
        const { state } = await client.schedule.getHandle(scheduleIds.look).describe();
        return state.paused ? [`the Schedule ${scheduleIds.look} is paused${state.note ? `: ${state.note}` : ''}`] : [];
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return [`the Schedule ${scheduleIds.look} is gone; run: berth apply`];
        throw error;
      }
    }

    async function strayClaims(): Promise<string[]> {
      const stray: string[] = [];
      for (const claim of await store.openClaims()) {
        if (clock() - claim.openedMs > 10_000 && !(await isRunning(client, claim.workflowId)))
          stray.push(`claim ${claim.decisionId} is open, and nothing carries it on`);
      }
      return stray;
    }
  },
});
