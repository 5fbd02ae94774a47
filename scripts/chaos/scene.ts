import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { KubeClient } from '../../connectors/kubernetes/client.ts';
import { credentials } from '../../connectors/kubernetes/credentials.ts';
import { configSchema, type Config } from '../../domain/config.ts';
import { connectedPlatform } from '../../workers/parts/connected-platform.ts';
import { Stops } from '../../workers/parts/stops.ts';
import { applyConfig } from '../commands/apply.ts';
import { faultProxy, type FaultProxy } from '../kubernetes/fault-proxy.ts';
import { createDeployment, createNamespace, createNode } from '../kubernetes/workloads.ts';
import { bringUp, type Up } from '../up/bring-up.ts';

/** A control plane that runs. */
export interface PlaneAt {
  readonly url: string;
  readonly caFile: string;
  readonly auditLog: string;
  /** Of the administrator, as text. */
  readonly kubeconfig: string;
}

export interface SceneOptions {
  readonly dir: string;
  readonly plane: PlaneAt;
  /** Apps that can move. */
  readonly apps: number;
  /** Apps that cannot start on the other site. */
  readonly sick: number;
  readonly budgets: { readonly fleet: number; readonly site: number };
  readonly say: (line: string) => void;
}

/** berth with its own servers, and a namespace and nodes of its own on a real control plane, which it reaches through the fault proxy only. */
export interface Scene {
  readonly up: Up;
  readonly proxy: FaultProxy;
  readonly config: Config;
  /** Past the proxy. */
  readonly admin: KubeClient;
  readonly namespace: string;
  readonly apps: readonly string[];
  readonly sick: readonly string[];
  audit(): Promise<string>;
  close(): Promise<void>;
}

export const REPLICAS = 2;
export const SITES = ['left', 'right'] as const;
export const otherSite = (site: string) => (site === 'left' ? 'right' : 'left');

export async function openScene(options: SceneOptions): Promise<Scene> {
  const stops = new Stops();
  try {
    return await open(options, stops);
  } catch (error) {
    await stops.run();
    throw error;
  }
}

async function open(options: SceneOptions, stops: Stops): Promise<Scene> {
  const { dir, plane, say } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const proxy = await faultProxy(plane);
  stops.add('fault proxy', () => proxy.close());
  const file = async (name: string, text: string) => {
    await writeFile(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const direct = await file('direct.kubeconfig', plane.kubeconfig);
  const through = await file('through.kubeconfig', plane.kubeconfig.replaceAll(plane.url, proxy.url));
  const admin = new KubeClient(credentials({ kubeconfig: direct }));
  stops.add('connections', () => admin.close());
  const namespace = `chaos-${randomBytes(4).toString('hex')}`;
  const named = (kind: string, n: number) => Array.from({ length: n }, (_, i) => `${kind}-${i}`);
  const [apps, sick] = [named('app', options.apps), named('sick', options.sick)];
  await furnish({ admin, namespace, apps, sick });
  stops.add('nodes and namespace', () => clear(admin, namespace));
  const up = await bringUp({ dir: join(dir, 'berth'), dieWithParent: true, localCluster: false, longestPauseMs: 500, say });
  stops.add('berth', () => up.stop());
  const config = configOf({ through, namespace, apps, sick, budgets: options.budgets });
  const platform = connectedPlatform({ store: up.store });
  try {
    await applyConfig(config, { store: up.store, client: up.client, platform, by: 'chaos' });
  } finally {
    platform.close();
  }
  return { up, proxy, config, admin, namespace, apps, sick, audit: () => readFile(plane.auditLog, 'utf8'), close: () => stops.run() };
}

interface Furnished {
  readonly admin: KubeClient;
  readonly namespace: string;
  readonly apps: readonly string[];
  readonly sick: readonly string[];
}

const nodeOf = (namespace: string, site: string) => `${namespace}-${site}`;

/** Every app starts on the left, because only that node is there yet, and its budget wants every one of its pods. */
async function furnish({ admin, namespace, apps, sick }: Furnished): Promise<void> {
  await createNamespace(admin, namespace);
  await createNode(admin, nodeOf(namespace, 'left'), namespace);
  const names = [...apps, ...sick];
  for (let i = 0; i < names.length; i += 10) await Promise.all(names.slice(i, i + 10).map((name) => deploy(admin, namespace, name)));
  await createNode(admin, nodeOf(namespace, 'right'), namespace);
}

async function deploy(admin: KubeClient, namespace: string, name: string): Promise<void> {
  const labels = name.startsWith('sick-') ? { 'test.berth/stall-on': nodeOf(namespace, 'right') } : {};
  await createDeployment(admin, { namespace, name, replicas: REPLICAS, fence: namespace, labels, spec: { progressDeadlineSeconds: 20 } });
  await admin.call({
    method: 'POST',
    path: `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
    body: { metadata: { name }, spec: { minAvailable: REPLICAS, selector: { matchLabels: { app: name } } } },
  });
}

async function clear(admin: KubeClient, namespace: string): Promise<void> {
  for (const site of SITES) await admin.call({ method: 'DELETE', path: `/api/v1/nodes/${nodeOf(namespace, site)}` });
  await admin.call({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
}

/** Nothing but overrides moves anything: there is no telemetry. */
function configOf(at: Omit<Furnished, 'admin'> & { through: string; budgets: SceneOptions['budgets'] }): Config {
  const { through, namespace, apps, sick, budgets } = at;
  return configSchema.parse({
    version: 1,
    connectors: { kubernetes: { kubeconfig: through } },
    sites: Object.fromEntries(SITES.map((site) => [site, { kubernetes: { node: nodeOf(namespace, site) } }])),
    objectives: { quick: { kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 5, worst: 500 }], slo: 0.5 } },
    policies: {
      plain: {
        freshness: 60,
        ready: { deadline: 60, stable: 0.3 },
        verify: { soak: 1, tolerance: 1 },
        cooldown: { initial: 0, max: 0, reset: 0 },
        quarantine: 1,
        quarantineMax: 1,
      },
      impatient: { freshness: 60, ready: { deadline: 5, stable: 0.3 }, verify: { soak: 1, tolerance: 1 }, quarantine: 3600 },
    },
    apps: Object.fromEntries(
      [...apps, ...sick].map((app) => [
        app,
        { objective: 'quick', policy: sick.includes(app) ? 'impatient' : 'plain', kubernetes: { namespace } },
      ]),
    ),
    budgets: { fleet: budgets.fleet, namespace: budgets.fleet, source: budgets.site, destination: budgets.site },
    breaker: { rate: 1 },
    blind: { above: 1 },
    schedules: { look: { every: 2 } },
    telemetry: { step: 1, window: 10 },
  });
}
