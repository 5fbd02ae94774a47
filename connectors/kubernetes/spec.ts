import type { Config } from '../../domain/config.ts';
import type { KubernetesApp, KubernetesConnector, KubernetesSite } from '../../domain/kubernetes-config.ts';

/** The part of an applied configuration that Kubernetes has to do with. */
export interface KubernetesSpec {
  readonly connector: KubernetesConnector;
  /** Its own apps. */
  readonly apps: ReadonlyMap<string, KubernetesApp>;
  /** Every site that one of its apps may run on. */
  readonly sites: ReadonlyMap<string, KubernetesSite | undefined>;
  /** Sites that the configuration has closed. */
  readonly cordoned: ReadonlySet<string>;
  /** Sites an app may run on. */
  sitesOf(app: string): readonly string[];
}

/** undefined = nothing of this configuration runs on Kubernetes. */
export function kubernetesSpecOf(config: Config): KubernetesSpec | undefined {
  const connector = config.connectors.kubernetes;
  if (!connector) return undefined;
  const apps = new Map(Object.entries(config.apps).flatMap(([name, app]) => (app.kubernetes ? [[name, app.kubernetes] as const] : [])));
  const sitesOf = (app: string) => config.apps[app]?.sites ?? Object.keys(config.sites);
  const used = new Set([...apps.keys()].flatMap(sitesOf));
  return {
    connector,
    apps,
    sites: new Map(Object.entries(config.sites).flatMap(([name, site]) => (used.has(name) ? [[name, site.kubernetes] as const] : []))),
    cordoned: new Set(Object.entries(config.sites).flatMap(([name, { cordoned }]) => (cordoned ? [name] : []))),
    sitesOf,
  };
}
