import type { Store } from '../../connectors/store/types.ts';
import { connectedPlatform, type ConnectedPlatform } from '../../workers/parts/connected-platform.ts';

/** The clusters that the configuration in force speaks of, as far as whoever types can reach them; undefined: there is none. To be closed. */
export async function reachableClusters(store: Store, localCluster: string | undefined): Promise<ConnectedPlatform | undefined> {
  const config = (await store.config())?.config;
  if (localCluster === undefined && config?.connectors.kubernetes === undefined) return undefined;
  return connectedPlatform({ localCluster, kubeconfig: process.env['BERTH_KUBECONFIG'], store });
}
