import type { Access } from '../../../connectors/kubernetes/access.ts';
import { KubeClient } from '../../../connectors/kubernetes/client.ts';
import { credentials } from '../../../connectors/kubernetes/credentials.ts';
import { kubernetesPlatform, type KubernetesPlatform } from '../../../connectors/kubernetes/platform.ts';
import { kubernetesSpecOf } from '../../../connectors/kubernetes/spec.ts';
import { configSchema, type Config, type ConfigInput } from '../../../domain/config.ts';
import type { Ground } from '../../contracts/ground.ts';
import { owner, type Owner } from './admin.ts';

type AppInput = NonNullable<ConfigInput['apps'][string]['kubernetes']>;

export function kubernetesConfig(at: { sites: ConfigInput['sites']; apps: Record<string, AppInput>; connector?: object }): Config {
  return configSchema.parse({
    version: 1,
    connectors: { kubernetes: { ...at.connector } },
    sites: at.sites,
    objectives: { fast: { kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 5, worst: 100 }], slo: 0.5 } },
    policies: { calm: {} },
    apps: Object.fromEntries(
      Object.entries(at.apps).map(([name, kubernetes]) => [name, { objective: 'fast', policy: 'calm', kubernetes }]),
    ),
  } satisfies ConfigInput);
}

/** A platform of an owner's cluster under one configuration, which may be changed. */
export function platformOf(
  who: Owner,
  config: Config,
  kubeconfig = who.kubeconfig,
): KubernetesPlatform & { reconfigure(next: Config): void } {
  let now = config;
  const platform = kubernetesPlatform({ config: () => Promise.resolve(now), kubeconfig });
  return { ...platform, reconfigure: (next) => void (now = next) };
}

/** Two nodes and two Deployments at home; `broken` cannot start away from it. */
export async function kubernetesGround(app: AppInput): Promise<Ground & { owner: Owner }> {
  const who = await owner();
  const [home, away] = [await who.node('home'), await who.node('away')];
  const spec = { progressDeadlineSeconds: 3 };
  await who.deploy('web', { on: home, spec });
  await who.deploy('picky', { on: home, spec, labels: { 'test.berth/stall-on': away } });
  const at = { namespace: who.namespace, ...app };
  const config = kubernetesConfig({
    sites: { home: { kubernetes: { node: home } }, away: { kubernetes: { node: away } } },
    apps: { web: at, picky: at },
  });
  const platform = platformOf(who, config);
  await platform.adopt(config, config.apps);
  // Pods of KWOK serve nothing: that a ready one is there is all that can be asked.
  const request = async (name: string) => ((await platform.actuator.observe(name)).ready ? 200 : 503);
  const close = async () => {
    platform.close();
    await who.close();
  };
  return {
    platform,
    app: 'web',
    broken: 'picky',
    home: 'home',
    away: 'away',
    writesAtOnce: true,
    request,
    sent: () => Promise.resolve(0),
    close,
    owner: who,
  };
}

/** What the parts of the connector are given that are no ports. */
export function accessOf(who: Owner, config: Config, kubeconfig = who.kubeconfig): Access {
  const spec = kubernetesSpecOf(config);
  if (!spec) throw new Error('nothing runs on Kubernetes here');
  const client = new KubeClient(credentials({ kubeconfig }));
  who.onClose(() => client.close());
  return () => Promise.resolve({ client, spec });
}
