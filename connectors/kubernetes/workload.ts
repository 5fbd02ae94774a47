import type { V1Pod, V2HorizontalPodAutoscaler } from '@kubernetes/client-node';

import type { KubernetesApp } from '../../domain/kubernetes-config.ts';
import { isOver } from './fits/usage.ts';
import { selects } from './fits/selectors.ts';
import type { View, Workload } from './view.ts';

const RESOURCE = { Deployment: 'deployments', StatefulSet: 'statefulsets' } as const;
const OWNER = { Deployment: 'ReplicaSet', StatefulSet: 'StatefulSet' } as const;

export const nameOf = (app: string, at: KubernetesApp) => at.name ?? app;

export const pathOf = (app: string, at: KubernetesApp) =>
  `/apis/apps/v1/namespaces/${at.namespace}/${RESOURCE[at.kind]}/${encodeURIComponent(nameOf(app, at))}`;

/** Pods of a workload that are not over, also those that are ending. */
export function podsOf(workload: Workload, at: KubernetesApp, pods: readonly V1Pod[]): readonly V1Pod[] {
  return pods.filter(
    (pod) =>
      pod.metadata?.namespace === at.namespace &&
      !isOver(pod) &&
      selects(workload.spec?.selector, pod.metadata.labels) &&
      (pod.metadata.ownerReferences ?? []).some((owner) => owner.controller === true && owner.kind === OWNER[at.kind]),
  );
}

export const isEnding = (pod: V1Pod) => pod.metadata?.deletionTimestamp !== undefined;

export const isReady = (pod: V1Pod) =>
  !isEnding(pod) && (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

export const replicasOf = (workload: Workload) => workload.spec?.replicas ?? 1;

export const isPaused = (workload: Workload) => (workload.spec as { paused?: boolean } | undefined)?.paused === true;

/** What the controllers are still doing; undefined = what runs is what was asked for. Its generation is looked at first: an old status says "done". */
export function rollout(workload: Workload): string | undefined {
  const { metadata, status, spec } = workload;
  const wanted = replicasOf(workload);
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return 'a rollout is beginning';
  const stuck = stuckRollout(workload);
  if (stuck !== undefined) return stuck;
  const updated = status?.updatedReplicas ?? 0;
  if (spec && 'serviceName' in spec && status && 'updateRevision' in status) {
    const same = status.currentRevision === status.updateRevision || updated === wanted;
    if (!same) return `a rollout is under way: ${updated} of ${wanted} updated`;
  } else if (updated < wanted) return `a rollout is under way: ${updated} of ${wanted} updated`;
  if ((status?.replicas ?? 0) > wanted) return `a rollout is under way: ${(status?.replicas ?? 0) - wanted} old still there`;
  const available = status?.availableReplicas ?? 0;
  return available < wanted ? `a rollout is under way: ${available} of ${wanted} available` : undefined;
}

/** The reason of a rollout that its controller has given up on. */
export function stuckRollout({ metadata, status }: Workload): string | undefined {
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return undefined;
  const conditions = status?.conditions ?? [];
  const given = conditions.find(
    ({ type, status: is }) => (type === 'Progressing' && is === 'False') || (type === 'ReplicaFailure' && is === 'True'),
  );
  return given ? `the rollout is stuck: ${given.reason ?? 'unknown'}` : undefined;
}

/** Why nobody else should touch the workload now, by its owner's own doing; undefined = nothing stands against it. */
export function busyOf(workload: Workload, at: KubernetesApp, view: Pick<View, 'autoscalers'>): string | undefined {
  if (isPaused(workload)) return 'its rollout is paused';
  if (replicasOf(workload) === 0) return 'it is scaled to zero';
  return rollout(workload) ?? autoscaling(workload, at, view.autoscalers);
}

function autoscaling(workload: Workload, at: KubernetesApp, all: readonly V2HorizontalPodAutoscaler[]): string | undefined {
  const own = all.find(
    ({ metadata, spec }) =>
      metadata?.namespace === at.namespace && spec?.scaleTargetRef.kind === at.kind && spec.scaleTargetRef.name === workload.metadata?.name,
  );
  const { currentReplicas, desiredReplicas } = own?.status ?? {};
  if (!own || currentReplicas === undefined || desiredReplicas === undefined || desiredReplicas === 0) return undefined;
  return currentReplicas === desiredReplicas
    ? undefined
    : `the autoscaler ${own.metadata?.name} goes from ${currentReplicas} to ${desiredReplicas} replicas`;
}
