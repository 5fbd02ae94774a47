import type { Client } from '@temporalio/client';

import { scheduleChanges } from '../../activities/schedules.ts';
import type { Store } from '../../connectors/store/types.ts';
import { changeLine, diffConfigs } from '../../domain/config-diff.ts';
import type { Config } from '../../domain/config.ts';

/** What applying a configuration would change, a line each. */
export async function diffConfig(config: Config, { store, client }: { store: Store; client: Client }): Promise<string[]> {
  const applied = await store.config();
  const keys = applied ? diffConfigs(applied.config, config).map(changeLine) : ['no configuration is in force: all of it would be new'];
  const schedules = (await scheduleChanges(client, config)).map(({ id, what }) => `Schedule ${id} would be ${what}`);
  const lines = [...keys, ...schedules];
  return lines.length === 0 ? [`nothing would change; version ${applied?.version ?? 0} is in force`] : lines;
}
