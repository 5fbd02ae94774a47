import { kubernetesPlatform } from '../../connectors/kubernetes/platform.ts';
import { localPlatform } from '../../connectors/local/platform.ts';
import type { Platform } from '../../connectors/ports.ts';
import { routedPlatform } from '../../connectors/routed.ts';
import type { Store } from '../../connectors/store/types.ts';

export interface Clusters {
  /** Folder of the local cluster; undefined: there is none. */
  readonly localCluster?: string | undefined;
  /** This process's own credentials for Kubernetes; undefined: as configured. */
  readonly kubeconfig?: string | undefined;
  readonly store: Pick<Store, 'config'>;
}

/** The clusters that the applied configuration speaks of. */
export function connectedPlatform({ localCluster, kubeconfig, store }: Clusters): Platform {
  const config = async () => (await store.config())?.config;
  return routedPlatform({
    config,
    kubernetes: kubernetesPlatform({ config, kubeconfig }),
    ...(localCluster !== undefined && { local: localPlatform({ dir: localCluster }) }),
  });
}
