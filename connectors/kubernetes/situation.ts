import type { V1Node, V1Pod } from '@kubernetes/client-node';

import type { KubernetesApp } from '../../domain/kubernetes-config.ts';
import type { KubeClient } from './client.ts';
import { managerOf, otherOwners } from './ownership.ts';
import { capture, pinFieldOf, sameValue, templateDigest, type PinField } from './pin.ts';
import { ANNOTATION, recordOf, type MoveRecord } from './record.ts';
import { Refusal } from './refusal.ts';
import { siteOfNode } from './sites.ts';
import type { KubernetesSpec } from './spec.ts';
import type { View, Workload } from './view.ts';
import { busyOf, isEnding, isPaused, isReady, nameOf, pathOf, podsOf, replicasOf, rollout } from './workload.ts';

/** One app as it is now: read anew for every step, because others write too. */
export interface Situation {
  readonly app: string;
  readonly at: KubernetesApp;
  readonly path: string;
  readonly workload: Workload;
  readonly pods: readonly V1Pod[];
  readonly nodes: readonly V1Node[];
  readonly record: MoveRecord | undefined;
}

export async function readSituation(client: KubeClient, spec: KubernetesSpec, app: string): Promise<Situation> {
  const at = appOf(spec, app);
  const path = pathOf(app, at);
  const [workload, pods, nodes] = await Promise.all([
    client.find<Workload>(path),
    client.list<V1Pod>(`/api/v1/namespaces/${at.namespace}/pods`),
    client.list<V1Node>('/api/v1/nodes'),
  ]);
  if (!workload) throw new Refusal('BadInput', `${app}: there is no ${at.kind} ${at.namespace}/${nameOf(app, at)}`);
  return { app, at, path, workload, pods: podsOf(workload, at, pods), nodes, record: recordOf(workload) };
}

export function appOf(spec: KubernetesSpec, app: string): KubernetesApp {
  const at = spec.apps.get(app);
  if (!at) throw new Refusal('BadInput', `there is no app ${app} on this cluster`);
  return at;
}

/** The field that it is placed by: as configured, unless a change by another is still in force. */
export const fieldOf = ({ record, at }: Pick<Situation, 'record' | 'at'>): PinField =>
  record && record.value !== null ? record.origin.field : pinFieldOf(at);

/** The site that berth keeps it on; undefined = none. */
export const siteKept = ({ workload }: Pick<Situation, 'workload'>) => workload.metadata?.annotations?.[ANNOTATION.site];

export interface Whereabouts {
  /** The one site that all pods are on which are not ending. */
  readonly site: string | undefined;
  readonly spread: Readonly<Record<string, number>>;
  readonly ending: number;
}

export function whereabouts(pods: readonly V1Pod[], nodes: readonly V1Node[], sites: KubernetesSpec['sites']): Whereabouts {
  const spread: Record<string, number> = {};
  const standing = pods.filter((pod) => !isEnding(pod));
  for (const pod of standing) {
    const site =
      pod.spec?.nodeName === undefined ? 'no node' : (siteOfNode(pod.spec.nodeName, sites, nodes) ?? `no site (${pod.spec.nodeName})`);
    spread[site] = (spread[site] ?? 0) + 1;
  }
  const names = Object.keys(spread);
  const [only] = names;
  return {
    site: names.length === 1 && only !== undefined && sites.has(only) ? only : undefined,
    spread,
    ending: pods.filter((pod) => isEnding(pod) && isOnANode(pod, nodes)).length,
  };
}

/** A pod that ends on a node which is no more only waits to be swept up. */
const isOnANode = (pod: V1Pod, nodes: readonly V1Node[]) => nodes.some(({ metadata }) => metadata?.name === pod.spec?.nodeName);

/** Where it serves: while a rollout replaces pods, the site of those that are ready, if it is one. */
export function servingSite({ pods, nodes }: Situation, sites: KubernetesSpec['sites']): string | undefined {
  return whereabouts(pods.filter(isReady), nodes, sites).site ?? whereabouts(pods, nodes, sites).site;
}

export const spreadWords = (spread: Whereabouts['spread']) =>
  Object.entries(spread)
    .map(([site, count]) => `${count} on ${site}`)
    .join(', ');

/** The owner has stopped it: what is asked for stands in the object, and no pod follows until the owner goes on. */
export function stoppedByOwner({ workload }: Situation): string | undefined {
  if (isPaused(workload)) return 'its rollout is paused';
  return replicasOf(workload) === 0 ? 'it is scaled to zero' : undefined;
}

/** The move of ours that its pods have not followed yet; a rollout of a template that is not ours is its owner's. */
export function moveUnderWay(situation: Situation, sites: KubernetesSpec['sites']): { id: string; to: string } | undefined {
  const { record, workload, pods, nodes } = situation;
  const last = record?.decisions.at(-1);
  if (
    !record ||
    last?.state !== 'applied' ||
    siteKept(situation) !== last.to ||
    templateDigest(workload, record.origin.field) !== record.template
  )
    return undefined;
  const { site, ending } = whereabouts(pods, nodes, sites);
  return rollout(workload) === undefined && ending === 0 && site === last.to ? undefined : last;
}

export function busyWith(situation: Situation, spec: KubernetesSpec, view: Pick<View, 'autoscalers'>): string | undefined {
  const { workload, at, pods, nodes, app } = situation;
  const own = busyOf(workload, at, view);
  const move = own === undefined ? undefined : moveUnderWay(situation, spec.sites);
  if (move) return `${app} is moving to ${move.to} for ${move.id} (${own})`;
  if (own !== undefined) return own;
  const { spread, ending } = whereabouts(pods, nodes, spec.sites);
  if (ending > 0) return `${ending} of its pods are ending`;
  return Object.keys(spread).length > 1 ? `it is spread over sites: ${spreadWords(spread)}` : undefined;
}

/** Somebody else has the field, or has put another value there than ours; undefined = it is ours to set. */
export function takenBy(situation: Situation, installation: string): string | undefined {
  const { workload, at, record } = situation;
  if (at.how === 'emit') return undefined;
  const owner = workload.metadata?.annotations?.[ANNOTATION.owner];
  if (owner !== undefined && owner !== installation) return `the app belongs to the installation ${owner}`;
  const field = fieldOf(situation);
  const others = otherOwners(workload, field, managerOf(installation));
  if (others.length > 0 && !at.takeOver) return `its placement (${field}) is set by ${others.join(', ')}`;
  const site = siteKept(situation);
  if (site === undefined || !record || at.takeOver) return undefined;
  return sameValue(capture(workload, at, field).value, record.value)
    ? undefined
    : `somebody has changed its placement (${field}) since berth set it for ${site}`;
}
