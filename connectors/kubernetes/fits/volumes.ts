import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim, V1Pod, V1PodSpec } from '@kubernetes/client-node';

import { matchesNode } from './selectors.ts';
import { isOver } from './usage.ts';

const ZONES = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/zone'];

export interface Volumes {
  readonly namespace: string;
  readonly claims: readonly V1PersistentVolumeClaim[];
  readonly volumes: readonly V1PersistentVolume[];
  readonly pods: readonly V1Pod[];
  /** A volume that only one node may hold is let go before the new pod wants it. */
  readonly letsGo: boolean;
}

/** Why a node cannot have the volumes of a pod; undefined = it can, or the volume is only made once the pod is placed. */
export function volumeReason(node: V1Node, spec: V1PodSpec, given: Volumes): string | undefined {
  for (const { persistentVolumeClaim: wanted } of spec.volumes ?? []) {
    if (!wanted) continue;
    const claim = given.claims.find(({ metadata }) => metadata?.namespace === given.namespace && metadata.name === wanted.claimName);
    if (!claim) return `the volume claim ${wanted.claimName} does not exist`;
    const reason = claimReason(node, claim, given);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function claimReason(node: V1Node, claim: V1PersistentVolumeClaim, given: Volumes): string | undefined {
  const name = claim.metadata?.name ?? '';
  const single = (claim.spec?.accessModes ?? []).every((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod');
  const elsewhere = given.pods.find((pod) => uses(pod, given.namespace, name) && pod.spec?.nodeName !== node.metadata?.name);
  if (single && elsewhere && !given.letsGo) return `the volume ${name} is ReadWriteOnce and in use on ${elsewhere.spec?.nodeName}`;
  const volume = given.volumes.find(({ metadata }) => metadata?.name === claim.spec?.volumeName);
  if (!volume) return claim.spec?.volumeName ? `the volume of the claim ${name} is not there` : undefined;
  const allowed = volume.spec?.nodeAffinity?.required;
  if (allowed && !matchesNode(allowed, node)) return `the volume ${name} is not reachable from there`;
  for (const key of ZONES) {
    const zones = volume.metadata?.labels?.[key]?.split('__');
    const own = node.metadata?.labels?.[key];
    if (zones && !zones.includes(own ?? '')) return `the volume ${name} is in ${zones.join(', ')}, the node in ${own ?? 'no zone'}`;
  }
  return undefined;
}

const uses = (pod: V1Pod, namespace: string, claim: string) =>
  pod.metadata?.namespace === namespace &&
  !isOver(pod) &&
  pod.spec?.nodeName !== undefined &&
  (pod.spec.volumes ?? []).some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim);
