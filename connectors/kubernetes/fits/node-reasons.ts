import type { V1Node, V1PodSpec, V1Taint, V1Toleration } from '@kubernetes/client-node';

import { isNodeReady } from '../sites.ts';
import { matchesNode } from './selectors.ts';

const ARCHITECTURE = 'kubernetes.io/arch';

/** Why the scheduler keeps every pod of this kind off a node, whatever else runs there; undefined = nothing does. */
export function nodeReason(node: V1Node, spec: V1PodSpec): string | undefined {
  if (!isNodeReady(node)) return 'not ready';
  if (node.spec?.unschedulable) return 'cordoned';
  const taint = (node.spec?.taints ?? []).find((one) => one.effect !== 'PreferNoSchedule' && !isTolerated(one, spec.tolerations ?? []));
  if (taint) return `taint ${taint.key}${taint.value ? `=${taint.value}` : ''}:${taint.effect} is not tolerated`;
  const labels = node.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return unlike(key, value, labels[key]);
  const wanted = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!wanted || matchesNode(wanted, node)) return undefined;
  const arch = wanted.nodeSelectorTerms.flatMap((term) => term.matchExpressions ?? []).find(({ key }) => key === ARCHITECTURE);
  return arch?.operator === 'In' && !(arch.values ?? []).includes(labels[ARCHITECTURE] ?? '')
    ? unlike(ARCHITECTURE, (arch.values ?? []).join(' or '), labels[ARCHITECTURE])
    : 'the node affinity of the app does not allow it';
}

function unlike(key: string, wanted: string, has: string | undefined): string {
  if (key === ARCHITECTURE) return `its architecture is ${has ?? 'unknown'}, the app wants ${wanted}`;
  return `the app wants ${key}=${wanted}, the node has ${has ?? 'none'}`;
}

export function isTolerated(taint: V1Taint, tolerations: readonly V1Toleration[]): boolean {
  return tolerations.some(({ key, operator, value, effect }) => {
    if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
    if (key === undefined || key === '') return operator === 'Exists';
    if (key !== taint.key) return false;
    return operator === 'Exists' || (value ?? '') === (taint.value ?? '');
  });
}
