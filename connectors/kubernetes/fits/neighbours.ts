import type {
  V1LabelSelector,
  V1Node,
  V1Pod,
  V1PodAffinityTerm,
  V1PodTemplateSpec,
  V1TopologySpreadConstraint,
} from '@kubernetes/client-node';

import { nodeReason } from './node-reasons.ts';
import { selects } from './selectors.ts';

export interface Company {
  readonly namespace: string;
  readonly nodes: readonly V1Node[];
  /** Pods that will be there when the next one is placed, with `nodeName` set. */
  readonly pods: readonly V1Pod[];
}

/** Why the pods that run keep another off a node: by its affinities, by theirs, by its spread; undefined = they do not. */
export function companyReason(node: V1Node, template: V1PodTemplateSpec, company: Company): string | undefined {
  const { podAffinity, podAntiAffinity } = template.spec?.affinity ?? {};
  for (const term of podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    const met = near(node, term, company);
    if (met === 'unknown') return UNKNOWN;
    if (met) return `anti-affinity: ${nameOf(met)} runs in the same ${term.topologyKey}`;
  }
  for (const term of podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    const met = near(node, term, company);
    if (met === 'unknown') return UNKNOWN;
    // The first of a group that wants to be together has to be let in.
    if (!met && !isFirstOfItsOwn(term, template, company))
      return `affinity: nothing it wants to be with runs in the same ${term.topologyKey}`;
  }
  return unwelcome(node, template, company) ?? spreadReason(node, template, company);
}

const UNKNOWN = 'its pod affinity goes by labels of namespaces, which is not judged here';

/** Pods that are there and want none of its kind near. */
function unwelcome(node: V1Node, template: V1PodTemplateSpec, company: Company): string | undefined {
  for (const pod of company.pods) {
    for (const term of pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
      const concerned =
        inNamespaces(term, pod.metadata?.namespace ?? '', company.namespace) && selects(term.labelSelector, template.metadata?.labels);
      if (concerned && sameDomain(node, domainNode(pod, company), term.topologyKey))
        return `anti-affinity of ${nameOf(pod)}, which runs in the same ${term.topologyKey}`;
    }
  }
  return undefined;
}

function near(node: V1Node, term: V1PodAffinityTerm, company: Company): V1Pod | 'unknown' | undefined {
  if (term.namespaceSelector && Object.keys(term.namespaceSelector).length > 0) return 'unknown';
  return company.pods.find(
    (pod) =>
      inNamespaces(term, company.namespace, pod.metadata?.namespace ?? '') &&
      selects(term.labelSelector, pod.metadata?.labels) &&
      sameDomain(node, domainNode(pod, company), term.topologyKey),
  );
}

function inNamespaces({ namespaces, namespaceSelector }: V1PodAffinityTerm, home: string, other: string): boolean {
  if (namespaceSelector) return true;
  return namespaces && namespaces.length > 0 ? namespaces.includes(other) : home === other;
}

function isFirstOfItsOwn(term: V1PodAffinityTerm, template: V1PodTemplateSpec, company: Company): boolean {
  if (!selects(term.labelSelector, template.metadata?.labels)) return false;
  return !company.pods.some(
    (pod) => inNamespaces(term, company.namespace, pod.metadata?.namespace ?? '') && selects(term.labelSelector, pod.metadata?.labels),
  );
}

function spreadReason(node: V1Node, template: V1PodTemplateSpec, company: Company): string | undefined {
  for (const constraint of template.spec?.topologySpreadConstraints ?? []) {
    if (constraint.whenUnsatisfiable !== 'DoNotSchedule') continue;
    const domain = node.metadata?.labels?.[constraint.topologyKey];
    if (domain === undefined) return `topology spread: the node has no label ${constraint.topologyKey}`;
    const counts = countsBy(constraint, template, company);
    const self = selects(constraint.labelSelector, template.metadata?.labels) ? 1 : 0;
    const few = counts.size < (constraint.minDomains ?? 0) ? 0 : Math.min(...counts.values());
    const skew = (counts.get(domain) ?? 0) + self - few;
    if (skew > constraint.maxSkew)
      return `topology spread: a skew of ${skew} over ${constraint.topologyKey}, ${constraint.maxSkew} allowed`;
  }
  return undefined;
}

/** Matching pods by domain, over the nodes that the pod's own node affinity allows, as by default. */
function countsBy(
  constraint: V1TopologySpreadConstraint,
  template: V1PodTemplateSpec,
  { nodes, pods, namespace }: Company,
): Map<string, number> {
  const counts = new Map<string, number>();
  const { nodeSelector, affinity } = template.spec ?? {};
  const where = {
    containers: [],
    ...(nodeSelector && { nodeSelector }),
    ...(affinity && { affinity }),
    tolerations: [{ operator: 'Exists' }],
  };
  for (const node of nodes) {
    const domain = node.metadata?.labels?.[constraint.topologyKey];
    const ignoring = { ...node, spec: {}, status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    if (domain === undefined || (constraint.nodeAffinityPolicy !== 'Ignore' && nodeReason(ignoring, where) !== undefined)) continue;
    const here = pods.filter(
      (pod) =>
        pod.spec?.nodeName === node.metadata?.name &&
        pod.metadata?.namespace === namespace &&
        selects(constraint.labelSelector as V1LabelSelector, pod.metadata.labels),
    );
    counts.set(domain, (counts.get(domain) ?? 0) + here.length);
  }
  return counts;
}

const domainNode = (pod: V1Pod, { nodes }: Company) => nodes.find(({ metadata }) => metadata?.name === pod.spec?.nodeName);

function sameDomain(node: V1Node, other: V1Node | undefined, key: string): boolean {
  const domain = node.metadata?.labels?.[key];
  return domain !== undefined && other?.metadata?.labels?.[key] === domain;
}

const nameOf = (pod: V1Pod) => `pod ${pod.metadata?.namespace}/${pod.metadata?.name}`;
