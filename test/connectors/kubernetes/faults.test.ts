import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { KubeClient } from '../../../connectors/kubernetes/client.ts';
import { credentials } from '../../../connectors/kubernetes/credentials.ts';
import { KubernetesFailure } from '../../../connectors/kubernetes/failure.ts';
import type { KubernetesPlatform } from '../../../connectors/kubernetes/platform.ts';
import { eventually } from '../../contracts/eventually.ts';
import { hasControlPlane } from '../../setup/servers.ts';
import { owner, type Owner } from './admin.ts';
import { faultProxy, type Fault, type FaultProxy } from '../../../scripts/kubernetes/fault-proxy.ts';
import { kubernetesConfig, platformOf } from './kubernetes-ground.ts';

describe.skipIf(!(await hasControlPlane()))('behind a faulty network to a real API server', () => {
  let who: Owner;
  let proxy: FaultProxy;
  let client: KubeClient;
  let platform: KubernetesPlatform;
  let last = 0;
  beforeAll(async () => {
    who = await owner();
    proxy = await faultProxy(who);
    const through = who.fileFor('', proxy.url);
    client = new KubeClient(credentials({ kubeconfig: through }), { attemptMs: 1_000, totalMs: 10_000 });
    const [home, away] = [await who.node('home'), await who.node('away')];
    await who.deploy('web', { on: home });
    const sites = { home: { kubernetes: { node: home } }, away: { kubernetes: { node: away } } };
    platform = platformOf(who, kubernetesConfig({ sites, apps: { web: { namespace: who.namespace } } }), through);
  });
  beforeEach(() => {
    proxy.choose = () => undefined;
  });
  afterAll(async () => {
    platform?.close();
    client?.close();
    await proxy?.close();
    await who?.close();
  });

  /** The first calls of a method get these faults, one each; the later ones none. */
  const firstOnes = (method: string, ...faults: Fault[]) => {
    const left = [...faults];
    proxy.choose = (given) => (given === method ? left.shift() : undefined);
  };
  const nodes = () => client.list('/api/v1/nodes');

  test.each<[string, Fault[]]>([
    ['a 500', [{ kind: 'status', status: 500 }]],
    ['three 503', Array.from({ length: 3 }, () => ({ kind: 'status', status: 503 }) as const)],
    ['a 429 without Retry-After', [{ kind: 'status', status: 429 }]],
    ['a reset', [{ kind: 'reset-before' }]],
    ['a body that is cut off', [{ kind: 'truncated' }]],
    ['silence', [{ kind: 'hang' }]],
    ['a 401, once: the token may have been replaced', [{ kind: 'status', status: 401 }]],
    ['a list that has expired', [{ kind: 'status', status: 410 }]],
    ['latency', [{ kind: 'latency', ms: 300 }]],
  ])('a read outlives %s', async (_, faults) => {
    firstOnes('GET', ...faults);
    expect((await nodes()).length).toBeGreaterThanOrEqual(2);
  });

  test('a 429 is answered no sooner than its Retry-After', async () => {
    firstOnes('GET', { kind: 'status', status: 429, retryAfter: '1' });
    const began = performance.now();
    await nodes();
    expect(performance.now() - began).toBeGreaterThanOrEqual(950);
  });

  test.each([
    [401, 'NotPermitted', 2],
    [403, 'NotPermitted', 1],
    [404, 'NotFound', 1],
    [422, 'BadInput', 1],
    [500, 'Unreachable', 4],
  ])('a %d for good is %s after as many calls as help', async (status, kind, attempts) => {
    const before = proxy.calls.length;
    proxy.choose = () => ({ kind: 'status', status });
    const failure = await nodes().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(KubernetesFailure);
    expect((failure as KubernetesFailure).name).toBe(kind);
    expect((failure as KubernetesFailure).message).toContain(`${status}`);
    expect(proxy.calls.length - before).toBe(attempts);
  });

  test.each<Fault>([
    { kind: 'reset-after' },
    { kind: 'reset-before' },
    { kind: 'truncated' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 409 },
    { kind: 'status', status: 429 },
  ])('a change whose write meets %o is one effective write, and so is its undo', async (fault) => {
    const snapshot = await platform.actuator.snapshot('web');
    const change = { app: 'web', to: 'away', decisionId: `d${(last += 1)}` };
    firstOnes('PATCH', fault);
    expect(await platform.actuator.apply(change)).toEqual({ applied: true, generation: snapshot.generation + 1 });
    await eventually('it is there', async () => (await platform.actuator.ready(change)).ready);
    firstOnes('PATCH', fault);
    expect(await platform.actuator.restore(snapshot, `${change.decisionId}/undo`)).toEqual({
      restored: true,
      generation: snapshot.generation + 2,
    });
    await eventually('it is home', async () => {
      const seen = await platform.actuator.observe('web');
      return seen.site === 'home' && seen.busy === undefined && seen.ready;
    });
  });

  test('a server that never answers is given up, and nothing becomes "empty"', async () => {
    const impatient = new KubeClient(credentials({ kubeconfig: who.fileFor('', proxy.url) }), { attemptMs: 100, totalMs: 500 });
    proxy.choose = () => ({ kind: 'hang' });
    await expect(impatient.list('/api/v1/nodes')).rejects.toThrow('no answer within');
    impatient.close();
  });

  test('all calls share kept-alive connections', async () => {
    const before = proxy.connections();
    for (let i = 0; i < 20; i += 1) await nodes();
    expect(proxy.connections() - before).toBeLessThanOrEqual(1);
  });
});
