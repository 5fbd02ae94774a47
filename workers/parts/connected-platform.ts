import { kubernetesPlatform, type KubernetesPlatform } from '../../connectors/kubernetes/platform.ts';
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

export type ConnectedPlatform = Platform & Pick<KubernetesPlatform, 'release' | 'liftDeadPins' | 'close'>;

/** The clusters that the applied configuration speaks of. */
export function connectedPlatform({ localCluster, kubeconfig, store }: Clusters): ConnectedPlatform {
  const config = async () => (await store.config())?.config;
  const kubernetes = kubernetesPlatform({ config, kubeconfig });
  return {
    ...routedPlatform({ config, kubernetes, ...(localCluster !== undefined && { local: localPlatform({ dir: localCluster }) }) }),
    release: (app) => kubernetes.release(app),
    liftDeadPins: async (allowed) => ((await config())?.connectors.kubernetes ? kubernetes.liftDeadPins(allowed) : []),
    close: () => kubernetes.close(),
  };
}
