import { approvalActivities } from './approvals.ts';
import { challengeActivities } from './challenges.ts';
import { claimActivities } from './claims.ts';
import { controllerActivities } from './controllers.ts';
import { decisionActivities } from './decisions.ts';
import type { ActuateDeps, ComputeDeps, ControlDeps } from './deps.ts';
import { drainActivities } from './drains.ts';
import { driftActivities } from './drift.ts';
import { fleetActivities } from './fleet.ts';
import { lookActivities } from './looks.ts';
import { noticeActivities } from './notices.ts';
import { placementActivities } from './placement.ts';
import { predictionActivities } from './predictions.ts';
import { profileActivities } from './profiles.ts';
import { promotionActivities } from './promotion.ts';
import { replayActivities } from './replays.ts';
import { refreshActivities } from './refresh-profile.ts';
import { retrainingActivities } from './retraining.ts';
import { shadowActivities } from './shadows.ts';
import { trainingActivities } from './training.ts';

/** Activities by trust level: each worker gets its own and no other's. */
export const createControlActivities = (deps: ControlDeps) => ({
  ...controllerActivities(deps),
  ...approvalActivities(deps),
  ...claimActivities(deps),
  ...lookActivities(deps),
  ...decisionActivities(deps),
  ...profileActivities(deps),
  ...refreshActivities(deps),
  ...promotionActivities(deps),
  ...retrainingActivities(deps),
  ...fleetActivities(deps),
  ...drainActivities(deps),
  ...noticeActivities(deps),
  ...replayActivities(deps),
});
export const createComputeActivities = (deps: ComputeDeps) => ({
  ...predictionActivities(deps),
  ...trainingActivities(deps),
  ...challengeActivities(deps),
  ...shadowActivities(deps),
  ...driftActivities(deps),
});
export const createActuateActivities = (deps: ActuateDeps) => placementActivities(deps);

export type ControlActivities = ReturnType<typeof createControlActivities>;
export type ComputeActivities = ReturnType<typeof createComputeActivities>;
export type ActuateActivities = ReturnType<typeof createActuateActivities>;
