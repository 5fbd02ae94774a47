import type { V1Deployment } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { liftDeadPins } from '../../../connectors/kubernetes/keep-pins.ts';
import type { KubernetesPlatform } from '../../../connectors/kubernetes/platform.ts';
import { releaseApp } from '../../../connectors/kubernetes/release.ts';
import { eventually } from '../../contracts/eventually.ts';
import { hasControlPlane } from '../../setup/servers.ts';
import { owner, type Deploy, type Owner } from './admin.ts';
import { accessOf, kubernetesConfig, platformOf } from './kubernetes-ground.ts';

/** What the owner of an app, another manager or the cluster does while berth is at it. */
describe.skipIf(!(await hasControlPlane()))('on a real control plane', () => {
  let who: Owner;
  let home: string;
  let away: string;
  let last = 0;
  beforeAll(async () => {
    who = await owner();
    [home, away] = [await who.node('home'), await who.node('away')];
  });
  afterAll(() => who?.close());

  interface App {
    readonly name: string;
    readonly path: string;
    readonly platform: KubernetesPlatform;
    readonly access: ReturnType<typeof accessOf>;
  }
  const open: KubernetesPlatform[] = [];
  afterAll(() => open.forEach((platform) => platform.close()));

  async function app(how: Record<string, unknown> = {}, deploy: Deploy = {}, connector = {}): Promise<App> {
    const name = `app-${(last += 1)}`;
    const path = await who.deploy(name, { on: home, ...deploy });
    return { name, path, ...under(name, how, connector) };
  }
  /** An installation's own view of an app. */
  function under(name: string, how: Record<string, unknown> = {}, connector = {}) {
    const sites = { home: { kubernetes: { node: home } }, away: { kubernetes: { node: away } } };
    const config = kubernetesConfig({ sites, apps: { [name]: { namespace: who.namespace, ...how } }, connector });
    const platform = platformOf(who, config);
    open.push(platform);
    return { platform, access: accessOf(who, config) };
  }
  const read = ({ path }: App) => who.client.get<V1Deployment>(path);
  const change = ({ name }: App, to = 'away') => ({ app: name, to, decisionId: `${name}-d${(last += 1)}` });
  const arrives = ({ platform }: App, one: ReturnType<typeof change>) =>
    eventually(`${one.app} is on ${one.to}`, async () => {
      const answer = await platform.actuator.ready(one);
      expect(answer.failed).toBeUndefined();
      return answer.ready;
    });
  const fails = ({ platform }: App, one: ReturnType<typeof change>) =>
    eventually(`${one.app} fails`, async () => (await platform.actuator.ready(one)).failed);
  const settles = ({ platform, name }: App, site: string) =>
    eventually(`${name} is settled on ${site}`, async () => {
      const seen = await platform.actuator.observe(name);
      return seen.site === site && seen.ready && seen.busy === undefined;
    });

  test('an undo in mid-move puts the template back field for field', async () => {
    const one = await app({}, { annotations: { 'test.berth/ready-after': '3s' } });
    const before = (await read(one)).spec;
    const snapshot = await one.platform.actuator.snapshot(one.name);
    const moving = change(one);
    await one.platform.actuator.apply(moving);
    expect((await read(one)).spec?.template.spec?.affinity?.nodeAffinity).toBeDefined();
    await one.platform.actuator.restore(snapshot, `${moving.decisionId}/undo`);
    expect((await read(one)).spec).toEqual(before);
    await settles(one, 'home');
  });

  test.each([{}, { required: true }, { how: 'node-selector' }, { surge: 'patch' }])(
    'a release after a move leaves nothing of ours: %o',
    async (how) => {
      const one = await app(how, { spec: { strategy: { rollingUpdate: { maxSurge: '50%', maxUnavailable: 0 } } } });
      const before = await read(one);
      const moving = change(one);
      await one.platform.actuator.apply(moving);
      await arrives(one, moving);
      expect(await releaseApp(one.access, one.name)).toMatchObject({ kind: 'released', changed: true });
      const after = await read(one);
      expect(after.spec).toEqual(before.spec);
      expect(Object.keys(after.metadata?.annotations ?? {}).filter((key) => key.startsWith('berth/'))).toEqual([]);
      expect((after.metadata?.managedFields ?? []).filter(({ manager }) => manager?.startsWith('berth-'))).toEqual([]);
      expect(await releaseApp(one.access, one.name)).toEqual({ kind: 'untouched' });
    },
  );

  test("the owner's new template ends a move and is not overwritten", async () => {
    const one = await app();
    const snapshot = await one.platform.actuator.snapshot(one.name);
    const moving = change(one);
    await one.platform.actuator.apply(moving);
    await who.patch(one.path, { spec: { template: { metadata: { annotations: { release: '2' } } } } }, { fieldManager: 'deploy-pipeline' });
    expect(await fails(one, moving)).toContain('deploy-pipeline');
    await one.platform.actuator.restore(snapshot, `${moving.decisionId}/undo`);
    await settles(one, 'home');
    expect((await read(one)).spec?.template.metadata?.annotations).toEqual({ release: '2' });
  });

  test.each([
    ['paused', { spec: { paused: true } }],
    ['scaled to zero', { spec: { replicas: 0 } }],
  ])('an app that its owner has %s in mid-move ends the move, is given back and is busy', async (words, patch) => {
    const one = await app();
    const snapshot = await one.platform.actuator.snapshot(one.name);
    const moving = change(one);
    await one.platform.actuator.apply(moving);
    await who.patch(one.path, patch);
    expect(await fails(one, moving)).toContain(words);
    await one.platform.actuator.restore(snapshot, `${moving.decisionId}/undo`);
    expect((await one.platform.actuator.observe(one.name)).stoppedByOwner).toContain(words);
    expect((await one.platform.cluster.placements([one.name]))[0]?.busy).toContain(words);
    await expect(one.platform.actuator.apply(change(one))).rejects.toThrow(words);
    expect((await read(one)).spec).toMatchObject(patch.spec);
  });

  test('a manager that takes the placement back is seen, named, and never fought', async () => {
    const one = await app({ how: 'node-selector' });
    const moving = change(one);
    await one.platform.actuator.apply(moving);
    await arrives(one, moving);
    const body = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: one.name },
      spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': home } } } },
    };
    await who.client.apply(one.path, body, { manager: 'git-sync', force: true });
    await eventually('it is seen', async () => (await one.platform.cluster.placements([one.name]))[0]?.busy?.includes('git-sync'));
    const { metadata } = await eventually('the rollout of the manager is over', async () => {
      const now = await read(one);
      return now.status?.observedGeneration === now.metadata?.generation && now.status?.unavailableReplicas === undefined && now;
    });
    const next = change(one);
    await expect(one.platform.actuator.apply(next)).rejects.toThrow('git-sync');
    expect(await one.platform.actuator.dryRun(next)).toMatchObject({ ok: false });
    expect((await read(one)).metadata?.generation).toBe(metadata?.generation);
  });

  test("a field that somebody else has set is refused with the owner's name, and taken only when told so", async () => {
    const one = await app({ how: 'node-selector' }, { pod: { nodeSelector: { 'kubernetes.io/arch': 'amd64' } } });
    await expect(one.platform.actuator.apply(change(one))).rejects.toThrow(/is set by .*\(Update\)/);
    const told = { ...one, ...under(one.name, { how: 'node-selector', takeOver: true }) };
    const moving = change(told);
    await told.platform.actuator.apply(moving);
    await arrives(told, moving);
    expect((await read(one)).spec?.template.spec?.nodeSelector).toEqual({ 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': away });
    await releaseApp(told.access, one.name);
    expect((await read(one)).spec?.template.spec?.nodeSelector).toEqual({ 'kubernetes.io/arch': 'amd64' });
  });

  test("another installation's app is refused and left alone", async () => {
    const one = await app();
    const moving = change(one);
    await one.platform.actuator.apply(moving);
    await arrives(one, moving);
    const other = { ...one, ...under(one.name, {}, { installation: 'other' }) };
    await expect(other.platform.actuator.apply(change(other, 'home'))).rejects.toThrow('installation berth');
    expect(await releaseApp(other.access, one.name)).toMatchObject({ kind: 'refused' });
    expect((await one.platform.actuator.observe(one.name)).decisionId).toBe(moving.decisionId);
  });

  test('a destination that is deleted in mid-move ends the move, and the app stays where it serves', async () => {
    const gone = await who.node('short-lived');
    const name = `app-${(last += 1)}`;
    const path = await who.deploy(name, { on: home, labels: { 'test.berth/stall-on': gone } });
    const sites = { home: { kubernetes: { node: home } }, gone: { kubernetes: { node: gone } } };
    const platform = platformOf(who, kubernetesConfig({ sites, apps: { [name]: { namespace: who.namespace, required: true } } }));
    open.push(platform);
    const one = { name, path, platform, access: accessOf(who, kubernetesConfig({ sites, apps: {} })) };
    const snapshot = await platform.actuator.snapshot(name);
    const moving = change(one, 'gone');
    await platform.actuator.apply(moving);
    await who.client.call({ method: 'DELETE', path: `/api/v1/nodes/${gone}` });
    expect(await fails(one, moving)).toContain('gone');
    await platform.actuator.restore(snapshot, `${moving.decisionId}/undo`);
    await settles(one, 'home');
  });

  test('a hard pin is lifted when its node is cordoned, and a soft one needs no lifting', async () => {
    const [hard, soft] = [await app({ required: true }), await app()];
    for (const one of [hard, soft]) {
      const moving = change(one);
      await one.platform.actuator.apply(moving);
      await arrives(one, moving);
    }
    expect(await liftDeadPins(hard.access)).toEqual([]);
    await who.patch(`/api/v1/nodes/${away}`, { spec: { unschedulable: true } });
    expect(await liftDeadPins(hard.access)).toEqual([hard.name]);
    expect(await liftDeadPins(soft.access)).toEqual([]);
    expect((await read(hard)).spec?.template.spec?.affinity).toBeUndefined();
    await settles(hard, 'home');
    await who.patch(`/api/v1/nodes/${away}`, { spec: { unschedulable: null } });
  });
});
