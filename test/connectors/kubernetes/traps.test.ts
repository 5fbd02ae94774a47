import type { V1Deployment } from '@kubernetes/client-node';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { KubeClient } from '../../../connectors/kubernetes/client.ts';
import { credentials } from '../../../connectors/kubernetes/credentials.ts';
import type { KubernetesPlatform } from '../../../connectors/kubernetes/platform.ts';
import { rollout } from '../../../connectors/kubernetes/workload.ts';
import { faultProxy, type FaultProxy } from '../../../scripts/kubernetes/fault-proxy.ts';
import { eventually } from '../../contracts/eventually.ts';
import { hasControlPlane } from '../../setup/servers.ts';
import { owner, type Owner } from './admin.ts';
import { kubernetesConfig, platformOf } from './kubernetes-ground.ts';

/** What the client library and the API server do to whoever does not know; deadlines, retries, expired lists and connections are in faults.test.ts. */
describe.skipIf(!(await hasControlPlane()))('traps of a real API server and its client', () => {
  let who: Owner;
  let proxy: FaultProxy;
  let platform: KubernetesPlatform;
  let home: string;
  let last = 0;
  beforeAll(async () => {
    who = await owner();
    proxy = await faultProxy(who);
    home = await who.node('home');
    const away = await who.node('away');
    for (const name of ['web', 'gone', 'changed']) await who.deploy(name, { on: home });
    const at = { namespace: who.namespace };
    const sites = { home: { kubernetes: { node: home } }, away: { kubernetes: { node: away } } };
    platform = platformOf(who, kubernetesConfig({ sites, apps: { web: at, gone: at, changed: at } }), who.fileFor('', proxy.url));
  });
  beforeEach(() => {
    proxy.choose = () => undefined;
  });
  afterAll(async () => {
    platform?.close();
    await proxy?.close();
    await who?.close();
  });

  const pathTo = (name: string) => `/apis/apps/v1/namespaces/${who.namespace}/deployments/${name}`;
  const change = (app: string) => ({ app, to: 'away', decisionId: `${app}-${(last += 1)}` });
  const arrives = (one: ReturnType<typeof change>) =>
    eventually(`${one.app} is there`, async () => (await platform.actuator.ready(one)).ready);
  /** Does something once, when the first write has reached the proxy and the API server has not seen it. */
  const beforeTheWrite = (act: () => Promise<unknown>) => {
    let acted: Promise<unknown> | undefined;
    proxy.choose = (method, path) => {
      if (method !== 'PATCH' || path.includes('dryRun') || acted) return undefined;
      acted = act();
      return { kind: 'latency', ms: 1_500 };
    };
    return () => acted;
  };

  test('every write is a server-side apply by one manager, and no field is ever booked under the name of a library', async () => {
    const before = await platform.actuator.snapshot('web');
    const one = change('web');
    await platform.actuator.apply(one);
    await arrives(one);
    await platform.actuator.restore(before, `${one.decisionId}/undo`);
    const { metadata } = await who.client.get<V1Deployment>(pathTo('web'));
    const others = ['berth', 'kube-controller-manager'];
    expect((metadata?.managedFields ?? []).filter(({ operation }) => operation === 'Apply').map(({ manager }) => manager)).toEqual([
      'berth-berth',
    ]);
    expect(
      (metadata?.managedFields ?? []).filter(({ operation, manager }) => operation === 'Update' && !others.includes(manager ?? '')),
    ).toEqual([]);
    const writes = proxy.calls.filter(({ method }) => method !== 'GET');
    expect(writes.length).toBeGreaterThan(1);
    expect(new Set(writes.map(({ method, contentType }) => `${method} ${contentType}`))).toEqual(
      new Set(['PATCH application/apply-patch+yaml']),
    );
  });

  test('no watch is held, so none can fall silent, expire in its stream or stop for good: every look lists', async () => {
    await platform.cluster.placements(['web', 'gone', 'changed']);
    await platform.cluster.feasibility(['web']);
    await platform.actuator.observe('web');
    expect(proxy.calls.length).toBeGreaterThan(5);
    expect(proxy.calls.filter(({ path }) => /[?&]watch=/.test(path))).toEqual([]);
  });

  test('an apply of what was deleted meanwhile does not create it anew', async () => {
    const acted = beforeTheWrite(() => who.client.call({ method: 'DELETE', path: pathTo('gone') }));
    await expect(platform.actuator.apply(change('gone'))).rejects.toThrow(/gone/);
    await acted();
    expect(await who.client.find(pathTo('gone'))).toBeUndefined();
  });

  test('a write on an older look than the newest status is looked at again, not forced and not lost', async () => {
    const acted = beforeTheWrite(() => who.patch(pathTo('changed'), { metadata: { labels: { by: 'its-owner' } } }));
    const one = change('changed');
    expect(await platform.actuator.apply(one)).toMatchObject({ applied: true });
    await acted();
    await arrives(one);
    expect((await who.client.get<V1Deployment>(pathTo('changed'))).metadata?.labels).toEqual({ by: 'its-owner' });
    expect((await platform.actuator.observe('changed')).generation).toBe(1);
  });

  test('a field that the client does not know and nobody may set is refused, not dropped', async () => {
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicaz: 3 } };
    await expect(who.client.apply(pathTo('web'), body, { manager: 'test' })).rejects.toThrow('replicaz');
  });

  test('an address without TLS is refused', async () => {
    const client = new KubeClient(credentials({ kubeconfig: who.fileFor('', proxy.url.replace('https:', 'http:')) }), { totalMs: 1_000 });
    await expect(client.list('/api/v1/nodes')).rejects.toThrow('HTTP protocol is not allowed');
    client.close();
  });
});

test('a rollout is not over while its status is older than its change', () => {
  const done = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
  const workload = (generation: number): V1Deployment => ({
    metadata: { generation },
    spec: { replicas: 2, selector: {}, template: {} },
    status: done,
  });
  expect(rollout(workload(3))).toBeUndefined();
  expect(rollout(workload(4))).toBe('a rollout is beginning');
});
