import { setTimeout as wait } from 'node:timers/promises';

import { WithStartWorkflowOperation, type Client } from '@temporalio/client';

import type { Answer, OperatorMessage } from '../../workflows/messages.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { appName, type FleetShape } from './fleet.ts';
import { quantile } from './histories.ts';
import { playFleet, type Fleet, type Where } from './play-fleet.ts';
import { openLook } from './recovery.ts';

export interface PauseFigures {
  readonly shape: FleetShape;
  readonly looks: number;
  /** Seconds until the update was answered, which is after the store has the pause. */
  readonly running: { readonly n: number; readonly p50: number; readonly max: number };
  /** Of apps without a controller: the update starts one. */
  readonly fresh: { readonly n: number; readonly p50: number; readonly max: number };
}

const PER_LOOK = 5;
const PATIENCE_S = 400;

/** In each of some looks, one after another, `pause` to five controllers that run and to five apps that have none. */
export async function measurePause(shape: FleetShape, looks: number, where: Where): Promise<PauseFigures> {
  return await playFleet(shape, where, async (fleet) => {
    await fleet.schedule.unpause();
    let last = await fleet.nextLook(Date.now() - 1000 * shape.everyS, PATIENCE_S);
    while ((await fleet.store.claims({ limit: PER_LOOK })).length < PER_LOOK) last = await fleet.nextLook(last.lookMs, PATIENCE_S);
    const seen = { running: [] as number[], fresh: [] as number[] };
    for (let i = 0; i < looks; i++) {
      const { lookMs } = await openLook(fleet, last.lookMs);
      const kind = i % 2 === 0 ? 'running' : 'fresh';
      for (const app of await appsOf(fleet, kind, i)) {
        seen[kind].push(await pause(fleet.client, app));
        await wait(200);
      }
      const over = (await fleet.store.looks(lookMs, lookMs))[0]?.closedMs !== undefined;
      where.say(
        `  look ${i + 1} of ${looks}, ${kind}: ${seen[kind]
          .slice(-PER_LOOK)
          .map((s) => `${(1000 * s).toFixed(0)} ms`)
          .join(', ')}${over ? '; the look was over before the last' : ''}`,
      );
      last = await fleet.nextLook(lookMs - 1, PATIENCE_S);
    }
    await fleet.schedule.pause('measured');
    await fleet.settled(300);
    const spread = (values: readonly number[]) => ({ n: values.length, p50: quantile(values, 0.5), max: quantile(values, 1) });
    return { shape, looks, running: spread(seen.running), fresh: spread(seen.fresh) };
  });
}

async function appsOf({ store, shape }: Fleet, kind: 'running' | 'fresh', turn: number): Promise<string[]> {
  const known = new Set((await store.controllers()).filter((row) => !row.paused).map((row) => row.app));
  const all = Array.from({ length: shape.apps }, (_, i) => appName((i + 97 * turn) % shape.apps));
  return all.filter((app) => known.has(app) === (kind === 'running')).slice(0, PER_LOOK);
}

async function pause(client: Client, app: string): Promise<number> {
  const startWorkflowOperation = new WithStartWorkflowOperation('placementController', {
    workflowId: workflowIds.controller(app),
    taskQueue: QUEUE.control,
    args: [{ app }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  const message: OperatorMessage = { by: 'bench', reason: 'measured' };
  const beganMs = performance.now();
  await client.workflow.executeUpdateWithStart<(input: { app: string }) => Promise<void>, Answer, [OperatorMessage]>('pause', {
    args: [message],
    startWorkflowOperation,
  });
  return (performance.now() - beganMs) / 1000;
}
