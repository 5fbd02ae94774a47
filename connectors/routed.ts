import type { Config } from '../domain/config.ts';
import type { Actuator, Cluster, Load, Platform } from './ports.ts';

export interface Routes {
  /** The configuration in force; undefined = none. */
  readonly config: () => Promise<Config | undefined>;
  readonly local?: Platform | undefined;
  readonly kubernetes: Platform;
}

/** Each app is asked for, and moved, where the applied configuration says that it runs. */
export function routedPlatform(routes: Routes): Platform {
  const of = async (app: string): Promise<Platform> => pick(routes, app, await routes.config());
  return { cluster: clusterOf(routes), actuator: actuatorOf(of), load: loadOf(of), adopt: (config, apps) => adopt(routes, config, apps) };
}

function pick({ local, kubernetes }: Routes, app: string, config: Config | undefined): Platform {
  if (config?.apps[app]?.kubernetes) return kubernetes;
  if (!local) throw new Error(`no cluster is connected that runs ${app}: BERTH_LOCAL_CLUSTER names no folder of a local cluster`);
  return local;
}

/** The platforms that the configuration has something to do with. */
function inUse({ local, kubernetes }: Routes, config: Config | undefined): readonly Platform[] {
  const apps = Object.values(config?.apps ?? {});
  const onKubernetes = config?.connectors.kubernetes !== undefined && apps.some((app) => app.kubernetes);
  const locally = local !== undefined && (!onKubernetes || apps.some((app) => app.local));
  return [...(locally ? [local] : []), ...(onKubernetes ? [kubernetes] : [])];
}

function clusterOf(routes: Routes): Cluster {
  const ask = async <T>(apps: readonly string[], question: (cluster: Cluster, own: readonly string[]) => Promise<readonly T[]>) => {
    const config = await routes.config();
    const groups = new Map<Platform, string[]>();
    for (const app of apps) {
      const platform = pick(routes, app, config);
      groups.set(platform, [...(groups.get(platform) ?? []), app]);
    }
    return (await Promise.all([...groups].map(([platform, own]) => question(platform.cluster, own)))).flat();
  };
  return {
    sites: async () => (await Promise.all(inUse(routes, await routes.config()).map(({ cluster }) => cluster.sites()))).flat(),
    placements: (apps) => ask(apps, (cluster, own) => cluster.placements(own)),
    feasibility: (apps) => ask(apps, (cluster, own) => cluster.feasibility(own)),
  };
}

const actuatorOf = (of: (app: string) => Promise<Platform>): Actuator => ({
  observe: async (app) => (await of(app)).actuator.observe(app),
  snapshot: async (app) => (await of(app)).actuator.snapshot(app),
  dryRun: async (change) => (await of(change.app)).actuator.dryRun(change),
  apply: async (change) => (await of(change.app)).actuator.apply(change),
  ready: async (change) => (await of(change.app)).actuator.ready(change),
  restore: async (snapshot, decisionId) => (await of(snapshot.app)).actuator.restore(snapshot, decisionId),
});

const loadOf = (of: (app: string) => Promise<Platform>): Load => ({
  set: async (app, ratePerS) => (await of(app)).load.set(app, ratePerS),
});

async function adopt(routes: Routes, config: Config, apps: Config['apps']): Promise<void> {
  for (const platform of inUse(routes, config)) await platform.adopt(config, apps);
}
