import { setTimeout as wait } from 'node:timers/promises';

import type { V1Deployment, V1Node } from '@kubernetes/client-node';

import type { KubeClient } from '../../connectors/kubernetes/client.ts';
import { HOSTNAME, siteRefusal } from '../../connectors/kubernetes/sites.ts';

const MERGE_PATCH = 'application/merge-patch+json';
const READY_MS = 180_000;
/** Runs anywhere and does nothing: pods of a played node are never run. */
const IMAGE = 'registry.k8s.io/pause:3.10';
/** Taint that keeps the pods of others off our nodes. */
const FENCE = 'test.berth/file';

export interface DeploymentAt {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Tolerates the fence of this name. */
  readonly fence?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

const create = (client: KubeClient, path: string, body: unknown) => client.call({ method: 'POST', path, body });

/** A namespace with its service account, without which no pod can be made. */
export async function createNamespace(client: KubeClient, name: string): Promise<void> {
  await create(client, '/api/v1/namespaces', { metadata: { name } });
  await until('its service account', () => client.find(`/api/v1/namespaces/${name}/serviceaccounts/default`));
}

/** A node that KWOK plays, once it is ready. */
export async function createNode(client: KubeClient, name: string, fence?: string): Promise<void> {
  const amounts = { cpu: '64', memory: '256Gi', pods: '500' };
  await create(client, '/api/v1/nodes', {
    metadata: { name, labels: { [HOSTNAME]: name } },
    spec: fence === undefined ? {} : { taints: [{ key: FENCE, value: fence, effect: 'NoSchedule' }] },
    status: { allocatable: amounts, capacity: amounts },
  });
  await until(`node ${name}`, async () => siteRefusal([await client.get<V1Node>(`/api/v1/nodes/${name}`)]) === undefined);
}

export const cordon = (client: KubeClient, node: string, unschedulable: boolean) =>
  client.call({ method: 'PATCH', path: `/api/v1/nodes/${node}`, body: { spec: { unschedulable } }, contentType: MERGE_PATCH });

/** A Deployment whose pods do nothing, once they are available. */
export async function createDeployment(
  client: KubeClient,
  { namespace, name, replicas, labels, fence, spec }: DeploymentAt,
): Promise<void> {
  const folder = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await create(client, folder, {
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        // On played nodes a pod takes so long to become ready.
        metadata: { labels: { app: name, ...labels }, annotations: { 'test.berth/ready-after': '1s' } },
        spec: {
          containers: [{ name: 'main', image: IMAGE, resources: { requests: { cpu: '50m', memory: '16Mi' } } }],
          ...(fence !== undefined && { tolerations: [{ key: FENCE, value: fence }] }),
        },
      },
      ...spec,
    },
  });
  await until(
    `${name} to be available`,
    async () => (await client.get<V1Deployment>(`${folder}/${name}`)).status?.availableReplicas === replicas,
  );
}

export async function until(what: string, holds: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await wait(200)) if (await holds()) return;
  throw new Error(`${what} did not come within ${READY_MS / 1000} s`);
}
