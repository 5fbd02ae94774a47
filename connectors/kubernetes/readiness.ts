import type { Change } from '../ports.ts';
import { templateDigest } from './pin.ts';
import { nodesOf, siteRefusal } from './sites.ts';
import { spreadWords, stoppedByOwner, takenBy, whereabouts, type Situation } from './situation.ts';
import type { KubernetesSpec } from './spec.ts';
import { isReady, replicasOf, rollout, stuckRollout } from './workload.ts';

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly failed?: string };

/** How far a change has come. What its owner, another manager or the cluster has done meanwhile ends it, with the reason. */
export function readinessOf(change: Change, situation: Situation, spec: KubernetesSpec): Readiness {
  const { record, workload, nodes } = situation;
  const entry = record?.decisions.find(({ id }) => id === change.decisionId);
  if (!record || !entry) return failed(`decision ${change.decisionId} was never applied`);
  if (entry.state === 'undone') return failed(`superseded: ${entry.by ?? 'an undo'} has restored the app`);
  const last = record.decisions.at(-1);
  if (last && last.id !== entry.id && last.to !== change.to) return failed(`superseded by ${last.id}`);
  if (entry.state === 'applied') {
    const taken = takenBy(situation, spec.connector.installation);
    if (taken !== undefined) return failed(`superseded: ${taken}`);
    if (templateDigest(workload, record.origin.field) !== record.template)
      return failed(`its template was changed during the move, by ${newestWriter(situation)}`);
  }
  const stopped = stoppedByOwner(situation) ?? stuckRollout(workload);
  if (stopped !== undefined) return failed(stopped);
  const closed = siteRefusal(nodesOf(change.to, spec.sites.get(change.to), nodes));
  const arrived = arrival(change, situation, spec);
  return arrived.ready || closed === undefined ? arrived : failed(`${change.to} is gone: ${closed}`);
}

function arrival({ to }: Change, { workload, pods, nodes }: Situation, spec: KubernetesSpec): Readiness {
  if (rollout(workload) !== undefined) return { ready: false };
  const { site, spread, ending } = whereabouts(pods, nodes, spec.sites);
  if (ending > 0 || pods.filter(isReady).length < replicasOf(workload)) return { ready: false };
  if (site === to) return { ready: true };
  return failed(`the scheduler has placed it elsewhere: ${spreadWords(spread)}`);
}

/** Whoever wrote to the object last, by the API server's own record. */
function newestWriter({ workload }: Situation): string {
  const writers = (workload.metadata?.managedFields ?? []).filter(
    ({ subresource, manager }) => !subresource && !manager?.startsWith('berth-'),
  );
  const newest = writers.sort((a, b) => `${String(a.time)}`.localeCompare(`${String(b.time)}`)).at(-1);
  return newest?.manager ?? 'somebody';
}

const failed = (why: string): Readiness => ({ ready: false, failed: why });
