import { setTimeout as wait } from 'node:timers/promises';

import type { FleetShape } from './fleet.ts';
import { playFleet, type Fleet, type Where } from './play-fleet.ts';

export interface RecoveryFigures {
  readonly shape: FleetShape;
  /** Of each kill, seconds after the command that starts the workers again. */
  readonly kills: readonly { readonly stage: string; readonly readyS: number; readonly interruptedS: number; readonly nextS: number }[];
}

const PATIENCE_S = 180;

/** kill -9 of every worker in the middle of a look; how long until that look has ended, and until the next full one has. */
export async function measureRecovery(shape: FleetShape, kills: number, where: Where): Promise<RecoveryFigures> {
  return await playFleet(shape, where, async (fleet) => {
    await fleet.schedule.unpause();
    let last = await fleet.nextLook(Date.now() - 1000 * shape.everyS, PATIENCE_S);
    const seen: RecoveryFigures['kills'][number][] = [];
    for (let i = 0; i < kills; i++) {
      last = await fleet.nextLook(last.lookMs, PATIENCE_S);
      const one = await killInLook(fleet, last.lookMs);
      where.say(`  kill ${i + 1} of ${kills}: ${JSON.stringify(one)}`);
      seen.push(one);
      last = await fleet.nextLook(last.lookMs, PATIENCE_S);
    }
    await fleet.schedule.pause('measured');
    await fleet.settled(300);
    return { shape, kills: seen };
  });
}

async function killInLook(fleet: Fleet, afterMs: number): Promise<RecoveryFigures['kills'][number]> {
  const { lookMs, stage } = await openLook(fleet, afterMs);
  await fleet.killWorkers();
  const beganMs = Date.now();
  const since = (): number => (Date.now() - beganMs) / 1000;
  await fleet.startWorkers();
  const readyS = since();
  await fleet.nextLook(lookMs - 1, PATIENCE_S);
  const interruptedS = since();
  await fleet.nextLook(lookMs, PATIENCE_S);
  return { stage, readyS, interruptedS, nextS: since() };
}

/** Waits until a look is open and has not decided yet, and says how far it is. */
export async function openLook({ sql }: Fleet, afterMs: number): Promise<{ lookMs: number; stage: string }> {
  for (const deadline = Date.now() + PATIENCE_S * 1000; Date.now() < deadline; await wait(5)) {
    const [look] = await sql<{ look_ms: number; predictions: number }[]>`
      select look_ms, (select count(*) from prediction p where p.look_ms = l.look_ms) as predictions
      from look l where look_ms > ${afterMs} and decided_ms is null order by look_ms limit 1`;
    if (look) return { lookMs: look.look_ms, stage: `${look.predictions} of its predictions stored` };
  }
  throw new Error(`no look began within ${PATIENCE_S} s`);
}
