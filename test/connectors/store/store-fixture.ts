import { afterAll, beforeAll } from 'vitest';
import type { Config } from '../../../domain/config.ts';
import { connect } from '../../../connectors/store/connect.ts';
import type { Sql } from '../../../connectors/store/connect.ts';
import { openStore } from '../../../connectors/store/store.ts';
import type { Store } from '../../../connectors/store/types.ts';
import { testDatabase } from '../../setup/servers.ts';
import { sampleConfig } from './sample-config.ts';

/** A day long after the tests were written, so that no default uses the clock unseen. */
export const T0 = Date.UTC(2031, 4, 6, 12, 0, 0);

export interface Fixture {
  url: string;
  store: Store;
  sql: Sql;
}

/** A database of its own for one test file, with the configuration applied. */
export function withStore(config: Config = sampleConfig()): Fixture {
  const fixture = {} as Fixture;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const database = await testDatabase();
    drop = database.drop;
    const store = await openStore({ url: database.url });
    await store.applyConfig(config, 'test', T0);
    Object.assign(fixture, { url: database.url, store, sql: connect({ url: database.url, max: 2 }) });
  });
  afterAll(async () => {
    await fixture.store?.close();
    await fixture.sql?.end();
    await drop?.();
  });
  return fixture;
}
