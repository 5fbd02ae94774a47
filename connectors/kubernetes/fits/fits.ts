import type { V1Node, V1Pod, V1PodTemplateSpec } from '@kubernetes/client-node';

import { isEnding } from '../workload.ts';
import type { View } from '../view.ts';
import { companyReason } from './neighbours.ts';
import { nodeReason } from './node-reasons.ts';
import { isOver, lacking, plus, requestsOf, usedBy, type Amounts } from './usage.ts';
import { volumeReason } from './volumes.ts';

export interface Question {
  /** As it would be on the site: with the pin, if that is required. */
  readonly template: V1PodTemplateSpec;
  readonly namespace: string;
  readonly replicas: number;
  readonly nodes: readonly V1Node[];
  /** The app's pods as they are. They stay until their successors are ready, unless it may be down meanwhile. */
  readonly own: readonly V1Pod[];
  readonly mayBeDown: boolean;
  readonly view: Pick<View, 'nodes' | 'pods' | 'claims' | 'volumes'>;
}

/** Why the scheduler would not put all replicas on these nodes, by its own filters; undefined = it would. Ports of the host are not judged. */
export function whyNot(question: Question): string | undefined {
  const { nodes, replicas } = question;
  if (nodes.length === 0) return 'it has no node';
  const state = begin(question);
  for (let placed = 0; placed < replicas; placed++) {
    const reasons = nodes.map((node) => reasonAt(node, question, state));
    const at = reasons.indexOf(undefined);
    const node = nodes[at];
    if (!node) {
      const why = nodes.map(({ metadata }, index) => `${metadata?.name}: ${reasons[index]}`).join('; ');
      return placed === 0 ? why : `only ${placed} of ${replicas} replicas fit: ${why}`;
    }
    place(node, question, state);
  }
  return undefined;
}

interface State {
  readonly used: Map<string, Amounts>;
  readonly pods: V1Pod[];
}

function begin({ nodes, own, mayBeDown, view }: Question): State {
  const names = new Set(nodes.map(({ metadata }) => metadata?.name));
  // On a site where the app is already, its own pods make room one by one.
  const leaving = new Set(own.filter((pod) => mayBeDown || names.has(pod.spec?.nodeName)).map(({ metadata }) => metadata?.uid));
  const pods = view.pods.filter((pod) => !isOver(pod) && pod.spec?.nodeName !== undefined && !leaving.has(pod.metadata?.uid));
  const used = new Map(
    nodes.map((node) => [node.metadata?.name ?? '', usedBy(pods.filter((pod) => pod.spec?.nodeName === node.metadata?.name))]),
  );
  // Those that are on their way out keep their resources, but nobody's company.
  const gone = new Set(own.map(({ metadata }) => metadata?.uid));
  return { used, pods: pods.filter((pod) => !isEnding(pod) && !gone.has(pod.metadata?.uid)) };
}

function reasonAt(node: V1Node, { template, namespace, mayBeDown, view }: Question, state: State): string | undefined {
  const spec = template.spec ?? { containers: [] };
  const used = state.used.get(node.metadata?.name ?? '') ?? {};
  return (
    nodeReason(node, spec) ??
    lacking(node, used, requestsOf(spec)) ??
    volumeReason(node, spec, { namespace, claims: view.claims, volumes: view.volumes, pods: view.pods, letsGo: mayBeDown }) ??
    companyReason(node, template, { namespace, nodes: view.nodes, pods: state.pods })
  );
}

function place(node: V1Node, { template, namespace }: Question, state: State): void {
  const name = node.metadata?.name ?? '';
  const spec = template.spec ?? { containers: [] };
  state.used.set(name, plus(state.used.get(name) ?? {}, requestsOf(spec)));
  state.pods.push({
    metadata: { name: 'a replica of it', namespace, labels: template.metadata?.labels ?? {} },
    spec: { ...spec, nodeName: name },
  });
}
