import { setTimeout as wait } from 'node:timers/promises';

import type { FleetShape } from './fleet.ts';
import { playFleet, type Fleet, type Where } from './play-fleet.ts';

export interface RecoveryFigures {
  readonly shape: FleetShape;
  /** Of each kill, seconds after the command that starts the workers again. */
  readonly kills: readonly { readonly stage: string; readonly readyS: number; readonly interruptedS: number; readonly nextS: number }[];
}

const PATIENCE_S = 180;
/** After the look was opened: just then, while it predicts, and about when it decides. */
const DELAYS_MS = [0, 300, 550] as const;

/** kill -9 of every worker in the middle of a look; how long until that look has ended, and until the next full one has. */
export async function measureRecovery(shape: FleetShape, kills: number, where: Where): Promise<RecoveryFigures> {
  return await playFleet(shape, where, async (fleet) => {
    await fleet.schedule.unpause();
    let last = await fleet.nextLook(Date.now() - 1000 * shape.everyS, PATIENCE_S);
    const seen: RecoveryFigures['kills'][number][] = [];
    for (let i = 0; i < kills; i++) {
      last = await fleet.nextLook(last.lookMs, PATIENCE_S);
      const one = await killInLook(fleet, { afterMs: last.lookMs, delayMs: DELAYS_MS[i % DELAYS_MS.length] ?? 0 });
      where.say(`  kill ${i + 1} of ${kills}: ${JSON.stringify(one)}`);
      seen.push(one);
      last = await fleet.nextLook(last.lookMs, PATIENCE_S);
    }
    await fleet.schedule.pause('measured');
    await fleet.settled(300);
    return { shape, kills: seen };
  });
}

async function killInLook(
  fleet: Fleet,
  { afterMs, delayMs }: { afterMs: number; delayMs: number },
): Promise<RecoveryFigures['kills'][number]> {
  const { lookMs } = await openLook(fleet, afterMs);
  await wait(delayMs);
  await fleet.killWorkers();
  const stage = await stageOf(fleet, lookMs);
  const beganMs = Date.now();
  const since = (): number => (Date.now() - beganMs) / 1000;
  await fleet.startWorkers();
  const readyS = since();
  await fleet.nextLook(lookMs - 1, PATIENCE_S);
  const interruptedS = since();
  await fleet.nextLook(lookMs, PATIENCE_S);
  return { stage, readyS, interruptedS, nextS: since() };
}

/** Waits until a look is open and has not decided yet. */
export async function openLook({ sql }: Fleet, afterMs: number): Promise<{ lookMs: number }> {
  for (const deadline = Date.now() + PATIENCE_S * 1000; Date.now() < deadline; await wait(5)) {
    const [look] = await sql<
      { look_ms: number }[]
    >`select look_ms from look where look_ms > ${afterMs} and decided_ms is null order by look_ms limit 1`;
    if (look) return { lookMs: look.look_ms };
  }
  throw new Error(`no look began within ${PATIENCE_S} s`);
}

/** How far a look has come, by what it has written. */
async function stageOf({ sql }: Fleet, lookMs: number): Promise<string> {
  const [row] = await sql<{ predictions: number; decided: boolean; closed: boolean }[]>`
    select (select count(*) from prediction p where p.look_ms = l.look_ms) as predictions, decided_ms is not null as decided, closed_ms is not null as closed
    from look l where look_ms = ${lookMs}`;
  if (row?.closed) return 'after its end';
  return row?.decided ? 'when it had decided' : `when ${row?.predictions ?? 0} of its predictions were stored`;
}
