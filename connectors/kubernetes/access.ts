import type { KubeClient } from './client.ts';
import type { KubernetesSpec } from './spec.ts';

/** The configuration in force and the API server it names, asked for anew at each call. */
export type Access = () => Promise<{ readonly client: KubeClient; readonly spec: KubernetesSpec }>;
