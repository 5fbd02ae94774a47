import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

/** Every environment variable a worker reads; docs/configuration.md explains them. The Temporal client's own (TEMPORAL_*) are read by its library. */
export const workerEnvironment = z.object({
  TEMPORAL_ADDRESS: z.string().min(1).optional(),
  TEMPORAL_NAMESPACE: z.string().min(1).optional(),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// address'),
  /** Folder of frames and models. */
  BERTH_BLOBS: z.string().min(1),
  /** Folder of the local cluster's daemon; absent: none is connected. */
  BERTH_LOCAL_CLUSTER: z.string().min(1).optional(),
  /** This worker's own credentials for Kubernetes; absent: as the configuration says. */
  BERTH_KUBECONFIG: z.string().min(1).optional(),
  /** Port of /healthz and /readyz; 0: any free one, absent: none. */
  BERTH_HEALTH_PORT: port.optional(),
  BERTH_HEALTH_HOST: z.string().default('127.0.0.1'),
  /** Apps that the actuator may touch, separated by commas; absent: every app of the applied configuration. */
  BERTH_ALLOWED_APPS: z.string().optional(),
  /** Prebuilt workflow bundle; absent: the one beside the build. */
  BERTH_WORKFLOW_BUNDLE: z.string().min(1).optional(),
  BERTH_SHARD_APPS: z.coerce.number().int().min(1).max(5000).default(500),
  BERTH_LOG: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export interface WorkerSettings {
  readonly temporal: NativeConnectionOptions;
  readonly namespace: string;
  readonly databaseUrl: string;
  readonly blobs: string;
  readonly localCluster?: string;
  readonly kubeconfig?: string;
  readonly health?: { readonly host: string; readonly port: number };
  readonly allowedApps?: ReadonlySet<string>;
  readonly workflowBundle?: string;
  readonly shardApps: number;
  /** The environment, for secrets that the configuration refers to by name. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
  readonly log: 'debug' | 'info' | 'warn' | 'error';
}

/** Reads the environment once. Throws one error that lists every problem by its variable. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): WorkerSettings {
  const read = workerEnvironment.safeParse(env);
  if (!read.success) {
    const problems = read.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`the worker cannot start, its environment is wrong:\n${problems.join('\n')}`);
  }
  const v = read.data;
  // The same precedence as the temporal command: environment before the profile in temporal.toml.
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const profile = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(given) });
  return {
    temporal: { ...profile.connectionOptions, address: profile.connectionOptions.address ?? '127.0.0.1:7233' },
    namespace: v.TEMPORAL_NAMESPACE ?? profile.namespace ?? 'berth',
    databaseUrl: v.DATABASE_URL,
    blobs: v.BERTH_BLOBS,
    shardApps: v.BERTH_SHARD_APPS,
    secrets: { ...env },
    log: v.BERTH_LOG,
    ...(v.BERTH_LOCAL_CLUSTER !== undefined && { localCluster: v.BERTH_LOCAL_CLUSTER }),
    ...(v.BERTH_KUBECONFIG !== undefined && { kubeconfig: v.BERTH_KUBECONFIG }),
    ...(v.BERTH_HEALTH_PORT !== undefined && { health: { host: v.BERTH_HEALTH_HOST, port: v.BERTH_HEALTH_PORT } }),
    ...(v.BERTH_ALLOWED_APPS !== undefined && {
      allowedApps: new Set(
        v.BERTH_ALLOWED_APPS.split(',')
          .map((a) => a.trim())
          .filter((a) => a !== ''),
      ),
    }),
    ...(v.BERTH_WORKFLOW_BUNDLE !== undefined && { workflowBundle: v.BERTH_WORKFLOW_BUNDLE }),
  };
}
