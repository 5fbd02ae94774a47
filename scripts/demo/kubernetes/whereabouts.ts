import type { V1Pod } from '@kubernetes/client-node';

import { isEnding, isReady } from '../../../connectors/kubernetes/workload.ts';
import type { DemoCluster } from './demo-cluster.ts';
import type { Whereabouts } from './exporter.ts';

/** Asks the cluster where the ready pods of each app are. */
export const observedPods =
  ({ client, namespace, nodes }: DemoCluster, apps: readonly string[]): Whereabouts =>
  async () => {
    const pods = await client.list<V1Pod>(`/api/v1/namespaces/${namespace}/pods`);
    const sites = Object.entries(nodes);
    return new Map(
      apps.map((app) => {
        const serving = pods.filter((pod) => pod.metadata?.labels?.['app'] === app && isReady(pod) && !isEnding(pod));
        return [app, sites.filter(([, node]) => serving.some(({ spec }) => spec?.nodeName === node)).map(([site]) => site)];
      }),
    );
  };
