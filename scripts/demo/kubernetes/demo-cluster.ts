import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import type { V1Node } from '@kubernetes/client-node';

import { KubeClient } from '../../../connectors/kubernetes/client.ts';
import { credentials } from '../../../connectors/kubernetes/credentials.ts';
import { siteRefusal } from '../../../connectors/kubernetes/sites.ts';
import { startControlPlane } from '../../kubernetes/start-control-plane.ts';
import { cordon, createDeployment, createNamespace, createNode, until } from '../../kubernetes/workloads.ts';
import { buildControlPlane } from '../../run/control-plane.mjs';
import type { Stops } from '../../../workers/parts/stops.ts';
import { Told } from '../../commands/told.ts';

export interface DemoCluster {
  readonly kind: 'kwok' | 'real';
  readonly client: KubeClient;
  readonly kubeconfig: string;
  readonly context: string;
  readonly namespace: string;
  /** Node of each site. */
  readonly nodes: Readonly<Record<string, string>>;
}

export interface Wanted {
  readonly dir: string;
  /** Sites of the configuration. */
  readonly sites: readonly string[];
  /** Where each app is to begin, where that can be arranged. */
  readonly starts: Readonly<Record<string, string>>;
}

/** A control plane of our own, whose nodes and pods KWOK plays. It ends with the demo. */
export async function ownKubernetes({ dir, sites, starts }: Wanted, stops: Stops): Promise<DemoCluster> {
  const plane = await startControlPlane({ program: await buildControlPlane(process.env), dir: join(dir, 'kubernetes') });
  stops.add('Kubernetes control plane', () => plane.stop());
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(kubeconfig, plane.kubeconfig(), { mode: 0o600 });
  const cluster = await opened({ kind: 'kwok', kubeconfig, context: 'berth', nodes: Object.fromEntries(sites.map((s) => [s, s])) }, stops);
  for (const site of sites) {
    // One node after another, the others closed: so each app begins where it should without a placement of its owner's.
    for (const other of sites.slice(0, sites.indexOf(site))) await cordon(cluster.client, other, true);
    await createNode(cluster.client, site);
    for (const app of Object.keys(starts).filter((name) => starts[name] === site)) await deploy(cluster, app);
  }
  for (const site of sites) await cordon(cluster.client, site, false);
  return cluster;
}

/** The cluster of a context that somebody has named: a namespace of our own on it, removed at the end, and two of its nodes. */
export async function theirKubernetes({ sites, starts }: Wanted, context: string, stops: Stops): Promise<DemoCluster> {
  const kubeconfig = process.env['KUBECONFIG']?.split(delimiter)[0] || join(homedir(), '.kube', 'config');
  const client = new KubeClient(credentials({ kubeconfig, context }));
  const free = (await client.list<V1Node>('/api/v1/nodes')).filter(
    (node) => siteRefusal([node]) === undefined && !(node.spec?.taints ?? []).some(({ effect }) => effect !== 'PreferNoSchedule'),
  );
  client.close();
  if (free.length < sites.length)
    throw new Told(`${context} has ${free.length} nodes that take any pod, and the demo needs ${sites.length}`, 1);
  const nodes = Object.fromEntries(sites.map((site, i) => [site, free[i]?.metadata?.name ?? '']));
  const cluster = await opened({ kind: 'real', kubeconfig, context, nodes }, stops);
  for (const app of Object.keys(starts)) await deploy(cluster, app);
  return cluster;
}

async function opened(at: Omit<DemoCluster, 'client' | 'namespace'>, stops: Stops): Promise<DemoCluster> {
  const namespace = `berth-demo-${randomBytes(3).toString('hex')}`;
  const cluster = { ...at, namespace, client: new KubeClient(credentials(at)) };
  stops.add('Kubernetes connections', () => cluster.client.close());
  await createNamespace(cluster.client, namespace);
  if (at.kind === 'real') stops.add(`namespace ${namespace}`, () => removeNamespace(cluster));
  return cluster;
}

async function removeNamespace({ client, namespace }: DemoCluster): Promise<void> {
  await client.call({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
  await until(`the end of namespace ${namespace}`, async () => (await client.find(`/api/v1/namespaces/${namespace}`)) === undefined);
}

const deploy = ({ client, namespace }: DemoCluster, name: string) => createDeployment(client, { namespace, name, replicas: 2 });
