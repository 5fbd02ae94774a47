import { join } from 'node:path';

import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

import { openStore } from '../../connectors/store/store.ts';
import type { Store } from '../../connectors/store/types.ts';
import { checkoutFolder } from '../platform/checkout.ts';
import { readEndpoints, type Endpoints } from '../up/endpoints.ts';
import { clientOptions } from '../../workers/parts/client-options.ts';
import { Stops } from '../../workers/parts/stops.ts';
import { Told } from './told.ts';

export { Told } from './told.ts';

export interface Where {
  readonly temporal?: string;
  readonly namespace?: string;
  readonly database?: string;
  /** Folder of a running platform; absent: that of `npm start`, then that of a running demo. */
  readonly dir?: string;
}

export interface Connected {
  readonly endpoints: Omit<Endpoints, 'owner'>;
  readonly store: Store;
  readonly client: Client;
}

/** Folders of this checkout from which a platform may run. */
export const platformFolders = (): string[] => ['platform', 'demo'].map((name) => join(checkoutFolder(), '.berth', name));

/**
 * What was typed out, else the platform that runs from this checkout, else TEMPORAL_ADDRESS or a profile in temporal.toml, and
 * DATABASE_URL.
 */
export function findEndpoints(where: Where): Omit<Endpoints, 'owner'> {
  const running = (where.dir === undefined ? platformFolders() : [where.dir]).map(readEndpoints).find((e) => e !== undefined);
  const named = loadClientConnectConfig();
  const temporalAddress = where.temporal ?? running?.temporalAddress ?? named.connectionOptions.address;
  const databaseUrl = where.database ?? running?.databaseUrl ?? process.env['DATABASE_URL'];
  if (temporalAddress === undefined || databaseUrl === undefined) {
    throw new Told(
      'no berth is running from this checkout: type `npm start` in another terminal, or give --temporal ADDRESS and --database URL',
    );
  }
  return {
    blobs: join(checkoutFolder(), '.berth', 'blobs'),
    ...running,
    temporalAddress,
    databaseUrl,
    namespace: where.namespace ?? running?.namespace ?? named.namespace ?? 'berth',
  };
}

/**
 * How the Temporal at an address is reached: with the TLS, key and metadata of the environment or its profile if those name this very
 * address, else by the address alone, so that no key is sent to another server.
 */
export function temporalConnection(address: string): ConnectionOptions {
  const { connectionOptions } = loadClientConnectConfig();
  return connectionOptions.address === address ? clientOptions(connectionOptions) : { address };
}

/** Runs a command with the store and a Temporal client, and closes both whatever happens. */
export async function withPlatform<T>(where: Where, run: (connected: Connected) => Promise<T>): Promise<T> {
  const endpoints = findEndpoints(where);
  const stops = new Stops();
  try {
    const store = await openStore({ url: endpoints.databaseUrl, max: 2 });
    stops.add('store', () => store.close());
    const connection = await Connection.connect({ ...temporalConnection(endpoints.temporalAddress), connectTimeout: '5 seconds' });
    stops.add('Temporal client', () => connection.close());
    return await run({ endpoints, store, client: new Client({ connection, namespace: endpoints.namespace }) });
  } finally {
    await stops.run();
  }
}

/** Runs a command that needs nothing but the store. */
export async function withStore<T>(where: Where, run: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ url: findEndpoints(where).databaseUrl, max: 2 });
  try {
    return await run(store);
  } finally {
    await store.close();
  }
}
