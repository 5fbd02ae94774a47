import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { V1Deployment, V1Node, V1StatefulSet } from '@kubernetes/client-node';

import { KubeClient } from '../../../connectors/kubernetes/client.ts';
import { credentials } from '../../../connectors/kubernetes/credentials.ts';
import { eventually } from '../../contracts/eventually.ts';
import { controlPlane } from '../../setup/servers.ts';

/** Keeps the pods of each test file on its own nodes. */
const FENCE = 'test.berth/file';
export const MERGE_PATCH = 'application/merge-patch+json';

/** A namespace and nodes of one test file, made and changed as their owner would. */
export interface Owner {
  readonly client: KubeClient;
  readonly url: string;
  readonly caFile: string;
  readonly auditLog: string;
  readonly namespace: string;
  readonly kubeconfig: string;
  /** File with the kubeconfig of another token. */
  fileFor(token: string, server?: string): string;
  node(name: string, more?: Partial<V1Node>): Promise<string>;
  create(path: string, body: unknown): Promise<unknown>;
  patch(path: string, body: unknown, query?: Record<string, string>): Promise<unknown>;
  deploy(name: string, more?: Deploy): Promise<string>;
  onClose(stop: () => void): void;
  close(): Promise<void>;
}

export interface Deploy {
  readonly replicas?: number;
  readonly kind?: 'Deployment' | 'StatefulSet';
  /** Merged over the pod's spec. */
  readonly pod?: Record<string, unknown>;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  /** Merged over the workload's spec. */
  readonly spec?: Record<string, unknown>;
  /** The only node that is open while it is made. */
  readonly on?: string;
}

export async function owner(): Promise<Owner> {
  const plane = await controlPlane();
  const namespace = `t-${process.pid}-${randomUUID().slice(0, 8)}`;
  const dir = mkdtempSync(join(tmpdir(), 'berth-kube-'));
  const fileFor = (token: string, server = plane.url) => {
    const config = JSON.parse(plane.kubeconfig) as { clusters: { cluster: { server: string } }[]; users: { user: { token: string } }[] };
    for (const { cluster } of config.clusters) cluster.server = server;
    for (const { user } of config.users) user.token = token === '' ? user.token : token;
    const file = join(dir, `${randomUUID()}.kubeconfig`);
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  };
  const kubeconfig = fileFor('');
  const client = new KubeClient(credentials({ kubeconfig }));
  const create = (path: string, body: unknown) => client.call({ method: 'POST', path, body });
  const nodes: string[] = [];
  const stops: (() => void)[] = [];
  await create('/api/v1/namespaces', { metadata: { name: namespace } });
  await eventually('the namespace has its service account', async () =>
    client.find(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
  );
  return {
    ...plane,
    client,
    namespace,
    kubeconfig,
    fileFor,
    create,
    patch: (path, body, query = {}) => client.call({ method: 'PATCH', path, body, query, contentType: MERGE_PATCH }),
    async node(name, more = {}) {
      const full = `${namespace}-${name}`;
      nodes.push(full);
      await create('/api/v1/nodes', nodeOf(full, namespace, more));
      return eventually(`node ${full} is ready`, async () => {
        const { status } = await client.get<V1Node>(`/api/v1/nodes/${full}`);
        return status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') && full;
      });
    },
    async deploy(name, more = {}) {
      const there = new Set((await client.list<V1Node>('/api/v1/nodes')).map(({ metadata }) => metadata?.name));
      const closed = more.on === undefined ? [] : nodes.filter((node) => node !== more.on && there.has(node));
      const cordon = (unschedulable: boolean) =>
        Promise.all(
          closed.map((node) =>
            client.call({ method: 'PATCH', path: `/api/v1/nodes/${node}`, body: { spec: { unschedulable } }, contentType: MERGE_PATCH }),
          ),
        );
      await cordon(true);
      const path = await deploy({ client, create, namespace }, name, more);
      await cordon(false);
      return path;
    },
    onClose: (stop) => void stops.push(stop),
    async close() {
      for (const stop of stops) stop();
      for (const node of nodes) await client.call({ method: 'DELETE', path: `/api/v1/nodes/${node}` }).catch(() => undefined);
      await client.call({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
      client.close();
      rmSync(dir, { recursive: true });
    },
  };
}

function nodeOf(name: string, namespace: string, more: Partial<V1Node>) {
  const amounts = { cpu: '8', memory: '16Gi', pods: '110' };
  return {
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/arch': 'amd64', ...more.metadata?.labels },
    },
    spec: { taints: [{ key: FENCE, value: namespace, effect: 'NoSchedule' }], ...more.spec },
    status: { allocatable: amounts, capacity: amounts, ...more.status },
  };
}

interface Place {
  readonly client: KubeClient;
  readonly namespace: string;
  create(path: string, body: unknown): Promise<unknown>;
}

/** A workload that its scheduler has placed and whose pods are ready. Returns its path. */
async function deploy({ client, namespace, create }: Place, name: string, more: Deploy): Promise<string> {
  const { kind = 'Deployment', replicas = 1 } = more;
  const labels = { app: name, ...more.labels };
  const folder = `/apis/apps/v1/namespaces/${namespace}/${kind === 'Deployment' ? 'deployments' : 'statefulsets'}`;
  await create(folder, {
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      ...(kind === 'StatefulSet' && { serviceName: name }),
      template: {
        metadata: { labels, ...(more.annotations && { annotations: more.annotations }) },
        spec: {
          containers: [{ name: 'main', image: 'test', resources: { requests: { cpu: '100m', memory: '64Mi' } } }],
          tolerations: [{ key: FENCE, value: namespace }],
          ...more.pod,
        },
      },
      ...more.spec,
    },
  });
  return eventually(`${name} is ready`, async () => {
    const { status } = await client.get<V1Deployment | V1StatefulSet>(`${folder}/${name}`);
    return (status?.availableReplicas ?? 0) === replicas && `${folder}/${name}`;
  });
}
