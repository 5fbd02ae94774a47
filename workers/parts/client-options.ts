import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';

/** What a client takes of a worker's connection options: the same address, TLS, key and metadata. */
export function clientOptions(temporal: NativeConnectionOptions): ConnectionOptions {
  return {
    ...(temporal.address !== undefined && { address: temporal.address }),
    ...(temporal.tls !== undefined && { tls: temporal.tls }),
    ...(temporal.metadata !== undefined && { metadata: temporal.metadata }),
    ...(typeof temporal.apiKey === 'string' && { apiKey: temporal.apiKey }),
  };
}
