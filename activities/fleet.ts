import { ScheduleNotFoundError } from '@temporalio/client';

import { breakerOf, breakerSentence, type BreakerState } from '../domain/breaker.ts';
import { isEnabled } from '../domain/enabled.ts';
import { failedSentence } from '../domain/gate-sentences.ts';
import type { ControllerRow } from '../domain/records.ts';
import { workflowIds } from '../workflows/queues.ts';
import { isRunning } from './claims.ts';
import type { ControlDeps } from './deps.ts';
import { intervalOf } from './look-interval.ts';
import { reminders } from './reminders.ts';
import { scheduleIds } from './schedules.ts';

export const fleetActivities = ({ store, client, clock }: ControlDeps) => ({
  /** What is wrong with the fleet as a whole, in sentences; none = nothing that can be seen. Also keeps the store's partitions. */
  async checkFleet(_: object): Promise<{ findings: string[]; breaker?: BreakerState; off?: true }> {
    const applied = await store.config();
    if (!applied) return { findings: ['no configuration is applied'] };
    await store.maintain(clock());
    if (applied.config.enabled === false)
      return { findings: ['berth is turned off (enabled: false)', ...(await strayClaims())], off: true };
    const [fleet, controllers, ends] = [
      await store.fleet(),
      await store.controllers(),
      await store.endedMoves(applied.config.breaker.last),
    ];
    const breaker = breakerOf(ends, applied.config.breaker, { nowMs: clock(), ...(fleet?.reset && { resetMs: fleet.reset.atMs }) });
    const findings = [
      ...(breaker.open ? [breakerSentence(breaker)] : []),
      ...(await lateLooks()),
      ...(await unseen()),
      ...(await silentSchedule()),
      ...(await strayClaims()),
      ...(await missingControllers(client, controllers)),
      ...reminders(
        { fleet, controllers: controllers.filter((c) => isEnabled(applied.config, c.app)) },
        { everyS: applied.config.reminders.every, nowMs: clock() },
      ),
    ];
    return { findings: findings.slice(0, 50), breaker };

    async function lateLooks(): Promise<string[]> {
      const last = await store.lastLook();
      if (!last) return ['there has been no look yet'];
      const everyS = applied && (await intervalOf(client, applied));
      const ageS = (clock() - last.lookMs) / 1000;
      return everyS !== undefined && ageS > 3 * everyS ? [`the last look is ${ageS.toFixed(0)} s old, it should be every ${everyS} s`] : [];
    }

    /** Every decision of a look records the same sight of the fleet. */
    async function unseen(): Promise<string[]> {
      const last = await store.lastLook();
      const [decision] = last ? await store.decisions({ fromMs: last.lookMs, toMs: last.lookMs, limit: 1 }) : [];
      const blind = decision?.gates.find((g) => g.gate === 'blind');
      return blind && !blind.pass ? [failedSentence(blind)] : [];
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

/** Controllers asked one by one in one check, after the list of those that run was compared: it may lag behind a little. */
const ASKED_MAX = 50;

/** Controllers that had something to hold or to wait for when they were last heard of, and do not run now. */
async function missingControllers(client: ControlDeps['client'], rows: readonly ControllerRow[]): Promise<string[]> {
  const busy = rows.filter((r) => r.paused || r.frozen || r.override || r.approval || r.moving !== undefined || r.excluded.length > 0);
  if (busy.length === 0) return [];
  const running = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query: "WorkflowType='placementController' AND ExecutionStatus='Running'" }))
    running.add(workflowId);
  const missing: string[] = [];
  for (const { app } of busy.filter((r) => !running.has(workflowIds.controller(r.app))).slice(0, ASKED_MAX)) {
    if (await isRunning(client, workflowIds.controller(app))) continue;
    missing.push(`the controller of ${app} is missing; what it held still binds, and the next message to ${app} starts it again`);
  }
  return missing;
}
