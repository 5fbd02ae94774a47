import type {
  V1Deployment,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1StatefulSet,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';

import type { KubernetesApp } from '../../domain/kubernetes-config.ts';
import type { KubeClient } from './client.ts';
import { pathOf } from './workload.ts';

export type Workload = V1Deployment | V1StatefulSet;

/** What the cluster says now about the nodes, all pods, and what surrounds the given apps. */
export interface View {
  readonly nodes: readonly V1Node[];
  readonly pods: readonly V1Pod[];
  /** By app; undefined = there is no such workload. */
  readonly workloads: ReadonlyMap<string, Workload | undefined>;
  /** Of the namespaces of the given apps. */
  readonly claims: readonly V1PersistentVolumeClaim[];
  readonly budgets: readonly V1PodDisruptionBudget[];
  readonly autoscalers: readonly V2HorizontalPodAutoscaler[];
  readonly volumes: readonly V1PersistentVolume[];
}

/** More single reads than this are one list. */
const FEW = 3;

export async function readView(client: KubeClient, apps: ReadonlyMap<string, KubernetesApp>): Promise<View> {
  const namespaces = [...new Set([...apps.values()].map(({ namespace }) => namespace))];
  const each = async <T>(prefix: string, resource: string) =>
    (await Promise.all(namespaces.map((namespace) => client.list<T>(`${prefix}/namespaces/${namespace}/${resource}`)))).flat();
  const [nodes, pods, workloads, claims, budgets, autoscalers, volumes] = await Promise.all([
    client.list<V1Node>('/api/v1/nodes'),
    client.list<V1Pod>('/api/v1/pods'),
    readWorkloads(client, apps),
    each<V1PersistentVolumeClaim>('/api/v1', 'persistentvolumeclaims'),
    each<V1PodDisruptionBudget>('/apis/policy/v1', 'poddisruptionbudgets'),
    each<V2HorizontalPodAutoscaler>('/apis/autoscaling/v2', 'horizontalpodautoscalers'),
    client.list<V1PersistentVolume>('/api/v1/persistentvolumes'),
  ]);
  return { nodes, pods, workloads, claims, budgets, autoscalers, volumes };
}

async function readWorkloads(client: KubeClient, apps: ReadonlyMap<string, KubernetesApp>): Promise<View['workloads']> {
  if (apps.size <= FEW) {
    const found = [...apps].map(async ([app, at]) => [app, await client.find<Workload>(pathOf(app, at))] as const);
    return new Map(await Promise.all(found));
  }
  const folders = [...new Set([...apps].map(([app, at]) => folderOf(app, at)))];
  const lists = await Promise.all(folders.map(async (folder) => [folder, await client.list<Workload>(folder)] as const));
  const byPath = new Map(
    lists.flatMap(([folder, items]) => items.map((item) => [`${folder}/${item.metadata?.name ?? ''}` as string, item] as const)),
  );
  return new Map([...apps].map(([app, at]) => [app, byPath.get(pathOf(app, at))]));
}

const folderOf = (app: string, at: KubernetesApp) => pathOf(app, at).replace(/\/[^/]+$/, '');
