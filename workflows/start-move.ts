import type { Proposal } from '../domain/decision.ts';
import { store } from './activity-groups.ts';
import type { AppFacts, ControllerState, OpenMove } from './controller-state.ts';
import { originOf } from './objection.ts';

/** Seconds beyond the phases of a move that its queues, retries and a restart of the workers may take. */
const SLACK_S = 60;

/** Starts a move that outlives its controller and can be started once per decision. Not as a child: that would cost the controller seven more events. */
export async function startMove(own: ControllerState, proposal: Proposal): Promise<void> {
  const { facts } = own;
  if (!facts) return;
  const origin = originOf(own, proposal);
  const askedBy = { look: undefined, drain: proposal.drainedBy, override: own.override?.by, approval: own.approval?.approved?.by };
  const nowMs = Date.now();
  const lastsS = durationS(facts);
  const moving: OpenMove = {
    decisionId: proposal.decisionId,
    from: proposal.from,
    to: proposal.to,
    startedMs: nowMs,
    askMs: nowMs + lastsS * 1000,
    origin,
  };
  own.moving = moving;
  own.seq++;
  const { started } = await store.startMove({
    move: {
      decisionId: proposal.decisionId,
      app: own.app,
      from: proposal.from,
      to: proposal.to,
      origin,
      reason: proposal.reason,
      by: askedBy[origin] ?? 'berth',
      predictedGain: proposal.gain,
      expiresMs: proposal.expiresMs,
      times: facts.times,
    },
    timeoutS: 2 * lastsS + 3600,
  });
  // The same decision again: the first start stands. Its end may have been told to a controller that is gone, so it is asked for.
  if (!started && own.moving) own.moving = { ...moving, askMs: Date.now() };
}

const durationS = ({ times }: AppFacts) => Math.ceil(times.readyDeadlineS + times.soakS + times.revertDeadlineS + SLACK_S);
