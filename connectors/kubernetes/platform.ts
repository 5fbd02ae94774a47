import type { V1Node } from '@kubernetes/client-node';

import type { Config } from '../../domain/config.ts';
import type { Actuator, Platform } from '../ports.ts';
import type { Access } from './access.ts';
import { kubernetesActuator } from './actuator.ts';
import { KubeClient, type ClientOptions } from './client.ts';
import { kubernetesCluster } from './cluster.ts';
import { credentials } from './credentials.ts';
import { emittingActuator } from './emit.ts';
import { liftDeadPins } from './keep-pins.ts';
import { Refusal } from './refusal.ts';
import { releaseApp, type Released } from './release.ts';
import { mappingProblems } from './sites.ts';
import { appOf } from './situation.ts';
import { kubernetesSpecOf, type KubernetesSpec } from './spec.ts';
import type { Workload } from './view.ts';
import { nameOf, pathOf } from './workload.ts';

export interface KubernetesOptions extends ClientOptions {
  /** The configuration in force; undefined = none. */
  readonly config: () => Promise<Config | undefined>;
  /** This process's own file of credentials, instead of the configured one. */
  readonly kubeconfig?: string | undefined;
}

export interface KubernetesPlatform extends Platform {
  /** Takes hard pins off nodes that are gone; see keep-pins.ts. */
  liftDeadPins(allowed?: ReadonlySet<string>): Promise<readonly string[]>;
  /** Gives an app back to its owner; see release.ts. */
  release(app: string): Promise<Released>;
  /** Connections are kept alive until then. */
  close(): void;
}

/** Workloads of the Kubernetes cluster that the applied configuration names. Errors: `KubernetesFailure`, `Refusal`. */
export function kubernetesPlatform(options: KubernetesOptions): KubernetesPlatform {
  const clients = new Map<string, KubeClient>();
  const clientFor = ({ connector }: KubernetesSpec): KubeClient => {
    const file = options.kubeconfig ?? connector.kubeconfig;
    const key = JSON.stringify([file, connector.context]);
    const client = clients.get(key) ?? new KubeClient(credentials({ kubeconfig: file, context: connector.context }), options);
    clients.set(key, client);
    return client;
  };
  const access: Access = async () => {
    const config = await options.config();
    const spec = config && kubernetesSpecOf(config);
    if (!spec) throw new Refusal('BadInput', 'the applied configuration has no connectors.kubernetes');
    return { spec, client: clientFor(spec) };
  };
  return {
    cluster: kubernetesCluster(access),
    actuator: byWay(access, kubernetesActuator(access)),
    load: {
      async set(app, ratePerS) {
        appOf((await access()).spec, app);
        if (ratePerS !== undefined)
          throw new Refusal('BadInput', `rate: berth sends no load of its own to ${app}, which runs on Kubernetes`);
      },
    },
    async adopt(config) {
      const spec = kubernetesSpecOf(config);
      if (spec) await prove(clientFor(spec), spec);
    },
    liftDeadPins: (allowed) => liftDeadPins(access, allowed),
    release: (app) => releaseApp(access, app),
    close: () => clients.forEach((client) => client.close()),
  };
}

/** Apps with `how: emit` are moved by whoever reads what we emit. */
function byWay(access: Access, real: Actuator): Actuator {
  const emitting = emittingActuator(access, real);
  const of = async (app: string) => ((await access()).spec.apps.get(app)?.how === 'emit' ? emitting : real);
  return {
    observe: real.observe,
    snapshot: real.snapshot,
    dryRun: async (change) => (await of(change.app)).dryRun(change),
    apply: async (change) => (await of(change.app)).apply(change),
    ready: async (change) => (await of(change.app)).ready(change),
    restore: async (snapshot, decisionId) => (await of(snapshot.app)).restore(snapshot, decisionId),
  };
}

/** Every site means its own nodes and every app is there, or one error that lists all that is not so. */
async function prove(client: KubeClient, spec: KubernetesSpec): Promise<void> {
  const problems = [...mappingProblems(spec.sites, await client.list<V1Node>('/api/v1/nodes'))];
  for (const [app, at] of spec.apps) {
    if (!(await client.find<Workload>(pathOf(app, at))))
      problems.push(`app ${app}: there is no ${at.kind} ${at.namespace}/${nameOf(app, at)}`);
  }
  if (problems.length > 0)
    throw new Refusal('BadInput', `the configuration does not fit the cluster:\n${problems.map((p) => `  ${p}`).join('\n')}`);
}
