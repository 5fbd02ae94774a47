import { existsSync } from 'node:fs';

import { KubeConfig } from '@kubernetes/client-node';

import { KubernetesFailure } from './failure.ts';

const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Reads the credentials anew at each call. Only what was configured: a file and a context of it, or else the service account of the pod;
 * the kubeconfig and the current context of the shell are never looked at.
 */
export function credentials({ kubeconfig, context }: { kubeconfig?: string | undefined; context?: string | undefined }): () => KubeConfig {
  return () => {
    const config = new KubeConfig();
    if (kubeconfig === undefined) {
      if (!existsSync(POD_TOKEN))
        throw new KubernetesFailure('BadInput', 'not in a pod: connectors.kubernetes.kubeconfig must name a file with the credentials');
      config.loadFromCluster();
      return config;
    }
    try {
      config.loadFromFile(kubeconfig);
    } catch (error) {
      throw new KubernetesFailure(
        'BadInput',
        `the kubeconfig ${kubeconfig} cannot be read: ${error instanceof Error ? error.message : ''}`,
      );
    }
    config.setCurrentContext(contextOf(config, kubeconfig, context));
    return config;
  };
}

function contextOf(config: KubeConfig, file: string, wanted: string | undefined): string {
  const names = config.getContexts().map(({ name }) => name);
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  const [only] = names;
  if (wanted === undefined && only !== undefined && names.length === 1) return only;
  const has = `${file} has ${names.length === 0 ? 'none' : names.slice(0, 10).join(', ')}`;
  throw new KubernetesFailure(
    'BadInput',
    wanted === undefined ? `connectors.kubernetes.context must name one: ${has}` : `there is no context ${wanted}: ${has}`,
  );
}
