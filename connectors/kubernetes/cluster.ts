import type { Placement } from '../../domain/records.ts';
import type { Cluster, SiteState } from '../ports.ts';
import type { Access } from './access.ts';
import type { KubeClient } from './client.ts';
import { refusalOf } from './feasibility.ts';
import { recordOf } from './record.ts';
import { isNodeReady, nodesOf, siteRefusal } from './sites.ts';
import { busyWith, servingSite, takenBy, type Situation } from './situation.ts';
import type { KubernetesSpec } from './spec.ts';
import { readView, type View } from './view.ts';
import { pathOf, podsOf } from './workload.ts';

/** Where apps are, where they could be, and what stands against it; everything read when it is asked. */
export function kubernetesCluster(access: Access): Cluster {
  return {
    async sites() {
      const { client, spec } = await access();
      const nodes = await client.list<View['nodes'][number]>('/api/v1/nodes');
      return [...spec.sites.keys()].map((site) => siteState(site, spec, nodes));
    },
    async placements(apps) {
      if (apps.length === 0) return [];
      const { client, spec } = await access();
      const view = await viewOf(client, spec, apps);
      return apps.map((app) => placementOf(app, spec, view));
    },
    async feasibility(apps) {
      if (apps.length === 0) return [];
      const { client, spec } = await access();
      const view = await viewOf(client, spec, apps);
      return apps.flatMap((app) => {
        const sites = spec.apps.has(app) ? spec.sitesOf(app) : [...spec.sites.keys()];
        return sites.flatMap((site) => {
          const refusal = spec.apps.has(app) ? refusalOf(app, site, { spec, view }) : `there is no app ${app} on this cluster`;
          return refusal === undefined ? [] : [{ app, site, refusal }];
        });
      });
    },
  };
}

const viewOf = (client: KubeClient, spec: KubernetesSpec, apps: readonly string[]) =>
  readView(client, new Map([...spec.apps].filter(([app]) => apps.includes(app))));

function siteState(site: string, spec: KubernetesSpec, nodes: View['nodes']): SiteState {
  const own = nodesOf(site, spec.sites.get(site), nodes);
  const refusal = spec.cordoned.has(site) ? 'cordoned in the configuration' : siteRefusal(own);
  return { site, ready: own.some(isNodeReady), ...(refusal !== undefined && { refusal }) };
}

function placementOf(app: string, spec: KubernetesSpec, view: View): Placement {
  const situation = situationIn(app, spec, view);
  if (!situation) return { app };
  const site = servingSite(situation, spec.sites);
  const busy = busyWith(situation, spec, view) ?? takenBy(situation, spec.connector.installation);
  return { app, ...(site !== undefined && { site }), ...(busy !== undefined && { busy }) };
}

function situationIn(app: string, spec: KubernetesSpec, view: View): Situation | undefined {
  const at = spec.apps.get(app);
  const workload = view.workloads.get(app);
  if (!at || !workload) return undefined;
  return { app, at, path: pathOf(app, at), workload, pods: podsOf(workload, at, view.pods), nodes: view.nodes, record: recordOf(workload) };
}
