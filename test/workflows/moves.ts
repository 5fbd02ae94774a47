import type { WorkflowHandle } from '@temporalio/client';

import type { Proposal } from '../../domain/decision.ts';
import type { Claim } from '../../domain/records.ts';
import type { ControllerState } from '../../workflows/controller-state.ts';
import type { MoveInput, MoveResult } from '../../workflows/migrate-app.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import type { World } from './environment.ts';

let last = 0;

/** A proposal of the kind a look makes, good for a minute. */
export function proposalOf(app: string, to: string, more: Partial<Proposal> = {}): Proposal {
  return {
    decisionId: `${app}-${Date.now()}-${(last += 1)}`,
    app,
    from: 's0',
    to,
    gain: 0.4,
    verdict: 'move',
    expiresMs: Date.now() + 60_000,
    reason: 'the test says so',
    ...more,
  };
}

/** Tells a controller something and starts it where there is none, as looks and the CLI do. */
export async function tell(world: World, app: string, signal: string, ...messages: unknown[]): Promise<void> {
  await world.client.workflow.signalWithStart('placementController', {
    workflowId: workflowIds.controller(app),
    taskQueue: QUEUE.control,
    args: [{ app }],
    signal,
    signalArgs: messages,
  });
}

/** Proposes a move to the app's controller. Returns the id of the decision. */
export async function propose(world: World, app: string, to: string, more: Partial<Proposal> = {}): Promise<string> {
  const proposal = proposalOf(app, to, more);
  await tell(world, app, 'propose', proposal);
  return proposal.decisionId;
}

export const moveHandle = (world: World, app: string, decisionId: string): WorkflowHandle =>
  world.client.workflow.getHandle(workflowIds.move(app, decisionId));

/** Starts a move without a controller, with whatever a test wants different. */
export async function startMove(
  world: World,
  app: string,
  to: string,
  more: Partial<MoveInput> = {},
): Promise<{ decisionId: string; handle: WorkflowHandle }> {
  const { decisionId, from, expiresMs } = proposalOf(app, to);
  const times = { readyDeadlineS: 5, stableS: 0, soakS: 0.6, tolerance: 0.1, revertDeadlineS: 60 };
  const input: MoveInput = {
    decisionId,
    app,
    from,
    to,
    origin: 'look',
    reason: 'the test says so',
    by: 'berth',
    expiresMs,
    times,
    ...more,
  };
  const handle = await world.client.workflow.start('migrateApp', {
    workflowId: workflowIds.move(app, decisionId),
    taskQueue: QUEUE.control,
    args: [input],
  });
  return { decisionId, handle };
}

/** What a move said at its end; for one that its controller may yet have to start. */
export async function resultOf(world: World, app: string, decisionId: string): Promise<MoveResult> {
  const handle = moveHandle(world, app, decisionId);
  await eventually(`the move ${decisionId} begins`, () => exists(handle));
  return (await handle.result()) as MoveResult;
}

async function exists(handle: WorkflowHandle): Promise<boolean> {
  return handle.describe().then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
      throw error;
    },
  );
}

/** The newest claim of an app, once it has ended. */
export function endOf(world: World, app: string, seconds = 30): Promise<Claim & { end: NonNullable<Claim['end']> }> {
  return eventually(
    `the move of ${app} ends`,
    async () => {
      const [claim] = await world.store.claims({ app, limit: 1 });
      return claim?.end !== undefined && { ...claim, end: claim.end };
    },
    seconds,
  );
}

/** Until the newest claim of an app has entered a phase. */
export function inPhase(world: World, app: string, phase: string): Promise<Claim> {
  return eventually(`${app} is in phase ${phase}`, async () => {
    const [claim] = await world.store.claims({ app, limit: 1 });
    return claim?.phases.some((p) => p.phase === phase) && claim;
  });
}

export const controllerHandle = (world: World, app: string): WorkflowHandle => world.client.workflow.getHandle(workflowIds.controller(app));

export const stateOf = (world: World, app: string): Promise<ControllerState> =>
  controllerHandle(world, app).query<ControllerState>('state');

/** The state of a controller as soon as it is as wanted. */
export function stateWhen(
  world: World,
  app: string,
  what: string,
  wanted: (state: ControllerState) => boolean,
  seconds = 30,
): Promise<ControllerState> {
  return eventually(
    `${app}: ${what}`,
    async () => {
      const state = await stateOf(world, app);
      return wanted(state) && state;
    },
    seconds,
  );
}
