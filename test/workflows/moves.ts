import type { Proposal } from '../../domain/decision.ts';
import type { Claim } from '../../domain/records.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import type { World } from './environment.ts';

/** A proposal of the kind a look makes, good for a minute. */
export function proposalOf(app: string, to: string, more: Partial<Proposal> = {}): Proposal {
  return { decisionId: `${app}-${Date.now()}`, app, from: 's0', to, gain: 0.4, verdict: 'move', expiresMs: Date.now() + 60_000, reason: 'the test says so', ...more };
}

/** Tells a controller something and starts it where there is none, as looks and the CLI do. */
export async function tell(world: World, app: string, signal: string, ...messages: unknown[]): Promise<void> {
  await world.client.workflow.signalWithStart('placementController', {
    workflowId: workflowIds.controller(app), taskQueue: QUEUE.control, args: [{ app }], signal, signalArgs: messages,
  });
}

/** Proposes a move to the app's controller. Returns the id of the decision. */
export async function startMove(world: World, app: string, to: string, more: Partial<Proposal> = {}): Promise<string> {
  const proposal = proposalOf(app, to, more);
  await tell(world, app, 'propose', proposal);
  return proposal.decisionId;
}

/** The newest claim of an app, once it has ended. */
export function endOf(world: World, app: string): Promise<Claim & { end: NonNullable<Claim['end']> }> {
  return eventually(`the move of ${app} ends`, async () => {
    const [claim] = await world.store.claims({ app, limit: 1 });
    return claim?.end !== undefined && { ...claim, end: claim.end };
  });
}
