import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

import type { ActuateActivities, ComputeActivities, ControlActivities } from '../activities/index.ts';
import { QUEUE } from './queues.ts';

/** Errors for which trying again is hopeless. */
const HOPELESS = ['BadInput', 'NotConfigured', 'NotPermitted', 'ModelRefused', 'PayloadTooLarge', 'NoOpenClaim'];

/** Sub-second reads and writes of the store, in the worker that holds the workflow: one event each, and a pause does not wait for a queue. One at a time in a run. */
export const store = proxyLocalActivities<
  Pick<
    ControlActivities,
    | 'loadApp'
    | 'mirrorController'
    | 'mirrorFleet'
    | 'loadFleet'
    | 'readAppView'
    | 'measuredMove'
    | 'recheckApproval'
    | 'startMove'
    | 'claimMove'
    | 'recheckMove'
    | 'measureQos'
    | 'endMove'
    | 'closeMove'
  >
>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds', nonRetryableErrorTypes: HOPELESS },
});

/** The look: bounded, because the next one comes anyway and a late one only records. It beats every second, so that a dead worker is noticed in five. */
export const look = proxyActivities<Pick<ControlActivities, 'openLook' | 'decideFleet' | 'sendProposals'>>({
  taskQueue: QUEUE.control,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '5 seconds',
  scheduleToCloseTimeout: '5 minutes',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '5 seconds', maximumAttempts: 5, nonRetryableErrorTypes: HOPELESS },
});

export const shard = proxyActivities<Pick<ComputeActivities, 'predictShard'>>({
  taskQueue: QUEUE.compute,
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '5 seconds',
  scheduleToCloseTimeout: '5 minutes',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '5 seconds', maximumAttempts: 5, nonRetryableErrorTypes: HOPELESS },
});

/** Calls on the thing that holds an app: short, idempotent by change id, tried again for as long as a move may take. Their beat tells of a dead worker in five seconds. */
export const actuate = proxyActivities<Pick<ActuateActivities, 'prepareMove' | 'applyChange' | 'applyMove'>>({
  taskQueue: QUEUE.actuate,
  // A cancelled move is undone only after the change it had asked for is in or refused: never before it.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: '5 seconds',
  scheduleToCloseTimeout: '2 minutes',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds', nonRetryableErrorTypes: HOPELESS },
});

/**
 * Waiting for a rollout: long, with a heartbeat, so that a dead worker is noticed in seconds. Its deadline holds over all attempts, also when
 * the cluster cannot be asked; the slack is for finding a dead worker.
 */
export const rollout = (deadlineS: number) =>
  proxyActivities<Pick<ActuateActivities, 'awaitReady'>>({
    taskQueue: QUEUE.actuate,
    scheduleToCloseTimeout: `${Math.ceil(deadlineS) + 30} seconds`,
    heartbeatTimeout: '5 seconds',
    retry: { initialInterval: '500 milliseconds', maximumInterval: '5 seconds', nonRetryableErrorTypes: [...HOPELESS, 'NotReady'] },
  });

/** The undo is tried until it succeeds or its own deadline passes; giving up is a state of its own, never silence. */
export const undo = (deadlineS: number) =>
  proxyActivities<Pick<ActuateActivities, 'restorePlacement'>>({
    taskQueue: QUEUE.actuate,
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '5 seconds',
    scheduleToCloseTimeout: `${Math.ceil(deadlineS)} seconds`,
    // Without an open claim somebody else has recorded the end of the move, and has put the app where it belongs.
    retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds', nonRetryableErrorTypes: ['BadInput', 'NoOpenClaim'] },
  });

/** Ordinary reads and writes of the control worker that may take longer than a workflow task. */
export const control = proxyActivities<
  Pick<
    ControlActivities,
    | 'askMove'
    | 'checkFleet'
    | 'drainStep'
    | 'fenceSite'
    | 'tellController'
    | 'planVisits'
    | 'assembleProfile'
    | 'refreshProfile'
    | 'promoteVersion'
    | 'keepVersion'
    | 'rollbackModel'
    | 'servingVersion'
    | 'planDriftCheck'
    | 'askTraining'
  >
>({
  taskQueue: QUEUE.control,
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds', nonRetryableErrorTypes: HOPELESS },
});

/** Telling the outside: what fails stays in the outbox, so a call that fails is not worth many tries. */
export const outside = proxyActivities<Pick<ControlActivities, 'deliverNotices'>>({
  taskQueue: QUEUE.control,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '5 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds', maximumAttempts: 3, nonRetryableErrorTypes: HOPELESS },
});

/** Training: minutes of CPU in a thread of its own, progress in the heartbeat, few tries. */
export const training = proxyActivities<Pick<ComputeActivities, 'fitModel' | 'checkModel' | 'watchShadow'>>({
  taskQueue: QUEUE.compute,
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', maximumAttempts: 3, nonRetryableErrorTypes: [...HOPELESS, 'TooLittleData'] },
});

/** Drift is looked for again soon, so a check that fails is not worth many tries. */
export const drift = proxyActivities<Pick<ComputeActivities, 'findDrift'>>({
  taskQueue: QUEUE.compute,
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', maximumAttempts: 3, nonRetryableErrorTypes: HOPELESS },
});

/** A period of the records decided again: minutes at most, a heartbeat, and nothing is lost by beginning anew. */
export const replay = proxyActivities<Pick<ControlActivities, 'replayLooks'>>({
  taskQueue: QUEUE.control,
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumAttempts: 3, nonRetryableErrorTypes: [...HOPELESS, 'BlobMissing'] },
});
