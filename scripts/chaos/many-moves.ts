import { setTimeout as wait } from 'node:timers/promises';

import type { Claim } from '../../domain/records.ts';
import { workflowIds } from '../../workflows/queues.ts';
import { siteOf } from './kills.ts';
import { endOfMove, override, release } from './moves.ts';
import { otherSite, type Scene } from './scene.ts';

export interface ManyMoves {
  readonly moves: readonly Claim[];
  readonly seconds: number;
  /** Epoch ms between which the fleet was known to be paused. */
  readonly paused: { readonly fromMs: number; readonly toMs: number } | undefined;
}

/** Moves every app to and fro until so many moves have ended, all apps at once; in the middle the fleet is paused for some seconds, where asked. */
export async function manyMoves(scene: Scene, { moves, pauseS }: { moves: number; pauseS?: number }): Promise<ManyMoves> {
  const beganMs = Date.now();
  const ended: Claim[] = [];
  let begun = 0;
  const lane = async (app: string, lead: number): Promise<void> => {
    let site = await siteOf(scene, app);
    while (begun < moves) {
      begun += 1;
      const to = otherSite(site);
      const sinceMs = Date.now();
      await override(scene, app, to);
      // Told twice, as a network may do; it must be one move all the same.
      if ((begun + lead) % 5 === 0) await override(scene, app, to);
      const end = await endOfMove(scene, app, { sinceMs, to });
      ended.push(end);
      site = end.end === 'done' ? end.to : end.from;
      await release(scene, app);
    }
  };
  const pausing = pauseS === undefined ? Promise.resolve(undefined) : pauseOnce(scene, { pauseS, due: () => ended.length >= moves / 2 });
  await Promise.all(scene.apps.map(lane));
  return { moves: ended, seconds: (Date.now() - beganMs) / 1000, paused: await pausing };
}

async function pauseOnce({ up }: Scene, { pauseS, due }: { pauseS: number; due: () => boolean }): Promise<ManyMoves['paused']> {
  while (!due()) await wait(50);
  const fleet = up.client.workflow.getHandle(workflowIds.watch);
  const why = { by: 'chaos', reason: 'to see that nothing begins' };
  await fleet.executeUpdate('pause', { args: [why] });
  const fromMs = Date.now();
  await wait(pauseS * 1000);
  const toMs = Date.now();
  await fleet.executeUpdate('resume', { args: [why] });
  return { fromMs, toMs };
}
