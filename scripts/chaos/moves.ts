import { setTimeout as wait } from 'node:timers/promises';

import type { Claim } from '../../domain/records.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import type { Scene } from './scene.ts';

const PATIENCE_MS = 300_000;

/** Asks, as an operator does, for an app to be on a site. */
export async function override({ up }: Scene, app: string, site: string): Promise<void> {
  await up.client.workflow.signalWithStart('placementController', {
    workflowId: workflowIds.controller(app),
    taskQueue: QUEUE.control,
    args: [{ app }],
    signal: 'override',
    signalArgs: [{ site, by: 'chaos', reason: 'a test' }],
  });
}

/** Takes the override back and waits until nothing of the app is under way. */
export async function release({ up }: Scene, app: string): Promise<void> {
  await up.client.workflow.getHandle(workflowIds.controller(app)).signal('clear-override', { by: 'chaos', reason: 'it is over' });
  await until(`${app} comes to rest`, async () => {
    const [row, open] = [await up.store.controller(app), await up.store.openClaims()];
    return row?.override === undefined && row?.moving === undefined && open.every((claim) => claim.app !== app);
  });
}

/**
 * The first move of an app since a time that was not refused, once it has ended. A refused one touched nothing: it is asked for again, as an
 * operator would and as looks would if there were telemetry.
 */
export async function endOfMove(scene: Scene, app: string, { sinceMs, to }: { sinceMs: number; to: string }): Promise<Claim> {
  let refused = 0;
  return until(`a move of ${app} ends`, async () => {
    const own = (await scene.up.store.claims({ app, limit: 20 })).filter(({ openedMs }) => openedMs >= sinceMs);
    const ended = own.filter(({ end }) => end !== undefined && end !== 'refused').sort((a, b) => a.openedMs - b.openedMs)[0];
    const again = own.filter(({ end }) => end === 'refused').length;
    if (ended === undefined && again > refused && own.every(({ end }) => end === 'refused')) {
      refused = again;
      await override(scene, app, to);
    }
    return ended;
  });
}

export const beginOfMove = ({ up }: Scene, app: string, sinceMs: number): Promise<Claim> =>
  until(`a move of ${app} begins`, async () => (await movesOf(up.store, app, sinceMs))[0]);

/** Oldest first. */
async function movesOf(store: Scene['up']['store'], app: string, sinceMs: number): Promise<Claim[]> {
  const claims = await store.claims({ app, limit: 20 });
  return claims.filter(({ openedMs, end }) => openedMs >= sinceMs && end !== 'refused').sort((a, b) => a.openedMs - b.openedMs);
}

export async function until<T>(what: string, probe: () => Promise<T | undefined | false>, pauseMs = 100): Promise<T> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await wait(pauseMs)) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
}
