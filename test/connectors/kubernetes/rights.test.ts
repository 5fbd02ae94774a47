import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { liftDeadPins } from '../../../connectors/kubernetes/keep-pins.ts';
import { releaseApp } from '../../../connectors/kubernetes/release.ts';
import { checkoutFolder } from '../../../scripts/platform/checkout.ts';
import { eventually } from '../../contracts/eventually.ts';
import { hasControlPlane } from '../../setup/servers.ts';
import { owner, type Owner } from './admin.ts';
import { accessOf, kubernetesConfig, platformOf } from './kubernetes-ground.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
}

const FOLDER = join(checkoutFolder(), 'deploy', 'kubernetes');
const read = (path: string, edit: (text: string) => string = (text) => text) =>
  parseAllDocuments(edit(readFileSync(join(FOLDER, path), 'utf8'))).map((document) => document.toJS() as Manifest);
const RIGHTS = ['recommend-only/read-rights.yaml', 'automatic/actuator-rights.yaml'];
const ALL = [...RIGHTS, 'recommend-only/namespace.yaml', 'recommend-only/workers.yaml', 'automatic/actuator.yaml'];
const verbsOf = (rules: readonly Rule[]) =>
  new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
    ),
  );

describe('the rights of deploy/kubernetes', () => {
  const rules = RIGHTS.flatMap((path) => read(path)).flatMap((one) =>
    (one.rules ?? []).map((rule) => ({ ...rule, of: one.metadata.name })),
  );

  test('hold no wildcard, no secret, nothing that deletes or creates, and no role of the cluster', () => {
    expect(rules.length).toBeGreaterThan(5);
    for (const { apiGroups, resources, verbs } of rules) {
      expect([...apiGroups, ...resources, ...verbs]).not.toContain('*');
      expect(resources).not.toContain('secrets');
      expect(verbs.filter((verb) => !['get', 'list', 'patch'].includes(verb))).toEqual([]);
    }
    expect(ALL.flatMap((path) => read(path)).some((one) => JSON.stringify(one).includes('cluster-admin'))).toBe(false);
  });

  test('let the actuator alone write, and only to workloads by name', () => {
    const writes = rules.filter(({ verbs }) => verbs.includes('patch'));
    expect(writes.map(({ of }) => of)).toEqual(['berth-actuator']);
    for (const { resourceNames } of writes) expect(resourceNames?.length).toBeGreaterThan(0);
  });

  test('and every kustomization names files that are there', () => {
    for (const folder of ['recommend-only', 'automatic']) {
      const [{ resources }] = read(`${folder}/kustomization.yaml`) as unknown as [{ resources: string[] }];
      for (const resource of resources)
        expect(() => readFileSync(join(FOLDER, folder, resource, resource.endsWith('.yaml') ? '' : 'kustomization.yaml'))).not.toThrow();
    }
  });
});

describe.skipIf(!(await hasControlPlane()))('the rights on a real API server', () => {
  let who: Owner;
  beforeAll(async () => {
    who = await owner();
  });
  afterAll(() => who?.close());

  test('are exactly the verbs that its audit log has seen: nothing missing, nothing unused', async () => {
    const [home, away] = [await who.node('home'), await who.node('away')];
    for (const name of ['web', 'b', 'c', 'd']) await who.deploy(name, { on: home });
    await who.deploy('db', { on: home, kind: 'StatefulSet' });
    const edit = (text: string) =>
      text
        .replaceAll('namespace: default', `namespace: ${who.namespace}`)
        .replaceAll('berth-system', who.namespace)
        .replaceAll('name: berth-', `name: ${who.namespace}-`)
        .replace('[web]', '[web, db]');
    for (const path of RIGHTS) for (const one of read(path, edit)) if (one.kind !== 'ServiceAccount') await who.create(pathFor(one), one);
    const platforms = Object.fromEntries(
      await Promise.all(['control', 'actuator'].map(async (role) => [role, await as(who, role)] as const)),
    );
    const sites = { home: { kubernetes: { node: home } }, away: { kubernetes: { node: away } } };
    const at = { namespace: who.namespace };
    const config = kubernetesConfig({
      sites,
      apps: { web: at, b: at, c: at, d: at, db: { ...at, kind: 'StatefulSet' as never, allowDowntime: true, required: true } },
    });
    const [control, actuator] = ['control', 'actuator'].map((role) => platformOf(who, config, platforms[role] ?? ''));
    if (!control || !actuator) throw new Error('no platform');

    await control.adopt(config, config.apps);
    await control.cluster.sites();
    expect(await control.cluster.placements(['web', 'b', 'c', 'd', 'db'])).toHaveLength(5);
    expect(await control.cluster.feasibility(['web'])).toEqual([]);
    for (const app of ['web', 'db']) {
      const change = { app, to: 'away', decisionId: `${app}-1` };
      const snapshot = await actuator.actuator.snapshot(app);
      expect(await actuator.actuator.dryRun(change)).toEqual({ ok: true });
      await actuator.actuator.apply(change);
      await eventually(`${app} is there`, async () => (await actuator.actuator.ready(change)).ready);
      await actuator.actuator.restore(snapshot, `${app}-1/undo`);
    }
    await liftDeadPins(accessOf(who, config, platforms['actuator']), new Set(['web', 'db']));
    await releaseApp(accessOf(who, config, platforms['actuator']), 'web');

    // It may not touch what is not named, and control may not write at all; the records say why.
    expect(
      await actuator.actuator
        .dryRun({ app: 'b', to: 'away', decisionId: 'b-1' })
        .catch((error: Error) => ({ ok: false, refusal: error.message })),
    ).toMatchObject({ ok: false });
    expect(await control.actuator.dryRun({ app: 'c', to: 'away', decisionId: 'c-1' })).toMatchObject({
      ok: false,
      refusal: expect.stringContaining('not permitted'),
    });

    for (const role of ['control', 'actuator']) {
      const granted = verbsOf(
        RIGHTS.flatMap((path) => read(path, edit))
          .filter(({ metadata }) => metadata.name.endsWith(`-${role}`))
          .flatMap((one) => one.rules ?? []),
      );
      expect([...seen(who, role)].sort()).toEqual([...granted].sort());
    }
    control.close();
    actuator.close();
  });
});

/** A kubeconfig of a service account that was made for a role. */
async function as(who: Owner, role: string): Promise<string> {
  const name = `${who.namespace}-${role}`;
  await who.create(`/api/v1/namespaces/${who.namespace}/serviceaccounts`, { metadata: { name } });
  const path = `/api/v1/namespaces/${who.namespace}/serviceaccounts/${name}/token`;
  const { status } = (await who.create(path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [], expirationSeconds: 600 },
  })) as { status: { token: string } };
  return who.fileFor(status.token);
}

function pathFor({ apiVersion, kind, metadata }: Manifest): string {
  const plural = `${kind.toLowerCase()}s`;
  return `/apis/${apiVersion}/${metadata.namespace === undefined ? '' : `namespaces/${metadata.namespace}/`}${plural}`;
}

/** What the API server has let an account do. */
function seen(who: Owner, role: string): Set<string> {
  const user = `system:serviceaccount:${who.namespace}:${who.namespace}-${role}`;
  const events = readFileSync(who.auditLog, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEvent);
  return new Set(
    events
      .filter((event) => event.user.username === user && (event.responseStatus?.code ?? 500) !== 403)
      .map(({ verb, objectRef }) => `${verb} ${objectRef?.apiGroup ?? ''}/${objectRef?.resource ?? ''}`),
  );
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly apiGroup?: string; readonly resource?: string };
  readonly responseStatus?: { readonly code?: number };
}
