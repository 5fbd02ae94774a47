import { scheduleIds } from '../../activities/schedules.ts';
import { applyConfig } from '../commands/apply.ts';
import { fleetConfig, type FleetShape } from './fleet.ts';
import { countRunning } from './histories.ts';
import { registerModels } from './models.ts';
import { startFeeder, type Where } from './play-fleet.ts';
import { onStage, type Stage } from './stage.ts';

export interface OnboardingFigures {
  readonly shape: FleetShape;
  /** From the start of `apply` to its end. */
  readonly applyS: number;
  /** From the trigger of the first look to its end. */
  readonly firstLookS: number;
  readonly controllersAfterFirstLook: number;
  /** After the third look, the first that may move. */
  readonly controllersAfterThirdLook: number;
  readonly proposals: number;
}

/** A platform that knows nothing is given a whole fleet. A collector would need a window's time to fill the telemetry; here it is written in between. */
export async function measureOnboarding(shape: FleetShape, where: Where): Promise<OnboardingFigures> {
  return await onStage({ ...where, sites: shape.sites }, async (stage) => {
    const beganMs = performance.now();
    await applyConfig(fleetConfig(shape), { store: stage.store, client: stage.client, by: 'bench' });
    const applyS = (performance.now() - beganMs) / 1000;
    const schedule = stage.client.schedule.getHandle(scheduleIds.look);
    await schedule.pause('until the first look is wanted');
    await registerModels(shape, stage);
    const feeder = await startFeeder(shape, stage, where.say);
    try {
      const firstLookS = await triggered(stage);
      const controllersAfterFirstLook = await countRunning(stage.client, 'placementController');
      await schedule.unpause();
      await closedLooks(stage, 3);
      await schedule.pause('measured');
      const [row] = await stage.sql<{ proposals: number }[]>`select count(*) as proposals from proposal`;
      return {
        shape,
        applyS,
        firstLookS,
        controllersAfterFirstLook,
        controllersAfterThirdLook: await countRunning(stage.client, 'placementController'),
        proposals: row?.proposals ?? NaN,
      };
    } finally {
      await feeder.stop();
    }
  });
}

async function triggered(stage: Stage): Promise<number> {
  const beganMs = Date.now();
  await stage.client.schedule.getHandle(scheduleIds.look).trigger();
  const look = await closedAfter(stage, beganMs - 1000);
  return (look - beganMs) / 1000;
}

async function closedAfter({ store }: Stage, fromMs: number): Promise<number> {
  for (const deadline = Date.now() + 300_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const closed = (await store.looks(fromMs, Date.now())).find((row) => row.closedMs !== undefined);
    if (closed?.closedMs !== undefined) return closed.closedMs;
  }
  throw new Error('the first look did not end within 300 s');
}

async function closedLooks({ store }: Stage, more: number): Promise<void> {
  const seen = (await store.looks(0, Date.now())).length;
  for (const deadline = Date.now() + 600_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const closed = (await store.looks(0, Date.now())).filter((row) => row.closedMs !== undefined).length;
    if (closed >= seen + more) return;
  }
  throw new Error(`${more} more looks did not end within 600 s`);
}
