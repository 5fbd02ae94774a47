import { ParentClosePolicy, WorkflowIdReusePolicy, startChild } from '@temporalio/workflow';

import type { Proposal } from '../domain/decision.ts';
import { migrateApp } from './migrate-app.ts';
import type { AppFacts, ControllerState, OpenMove } from './controller-state.ts';
import { attributes } from './attributes.ts';
import { workflowIds } from './queues.ts';

/** Seconds beyond the phases of a move that its queues, retries and a restart of the workers may take. */
const SLACK_S = 60;

/** Starts a move that outlives its controller's run and can be started once per decision. */
export async function startMove(own: ControllerState, proposal: Proposal): Promise<void> {
  const { facts } = own;
  if (!facts) return;
  const origin: OpenMove['origin'] = own.override?.site === proposal.to ? 'override' : 'look';
  const nowMs = Date.now();
  const lastsS = durationS(facts);
  own.moving = { decisionId: proposal.decisionId, from: proposal.from, to: proposal.to, startedMs: nowMs, askMs: nowMs + lastsS * 1000, origin };
  own.seq++;
  try {
    await startChild(migrateApp, {
      workflowId: workflowIds.move(own.app, proposal.decisionId),
      args: [{
        decisionId: proposal.decisionId, app: own.app, from: proposal.from, to: proposal.to, origin, reason: proposal.reason,
        by: origin === 'override' ? (own.override?.by ?? 'operator') : 'berth', predictedGain: proposal.gain, expiresMs: proposal.expiresMs, times: facts.times,
      }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      workflowExecutionTimeout: `${2 * lastsS + 3600} seconds`,
      typedSearchAttributes: [{ key: attributes.app, value: own.app }, { key: attributes.site, value: proposal.to }],
      staticSummary: `${own.app}: ${proposal.from || 'where it is'} to ${proposal.to}`,
    });
  } catch (error) {
    // The same decision again: the first start stands. Its end may have been told to a controller that is gone, so it is asked for.
    if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
    own.moving = { ...own.moving, askMs: Date.now() };
  }
}

const durationS = ({ times }: AppFacts) => Math.ceil(times.readyDeadlineS + times.soakS + times.revertDeadlineS + SLACK_S);
