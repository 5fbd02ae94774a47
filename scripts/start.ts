import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { loadClientConnectConfig } from '@temporalio/envconfig';

import { checkoutFolder } from './platform/checkout.ts';
import { errorText } from './commands/error-text.ts';
import { applyConfig, readConfig, startWatch } from './commands/apply.ts';
import { bringUp, type Up, type UpOptions } from './up/bring-up.ts';
import { clientOptions } from '../workers/parts/client-options.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** `npm start [-- --config berth.yaml]`: the platform, until Ctrl-C. TEMPORAL_ADDRESS or a profile in temporal.toml, and DATABASE_URL, are used when given. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { config: { type: 'string' }, dir: { type: 'string' } } });
  const dir = values.dir ?? join(checkoutFolder(), '.berth', 'platform');
  const config = values.config === undefined ? undefined : await readConfig(values.config);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const stop = stopSignal();
  const up = await bringUp({ dir, say, ...serversOfEnvironment() });
  try {
    if (config) for (const line of await applyConfig(config, { ...up, by: process.env['USER'] ?? 'start' })) say(line);
    else await resumeConfig(up);
    await up.stepBack();
    hint(up, config !== undefined);
    await stop;
    say('stopping ...');
  } finally {
    await up.stop();
  }
  return 0;
}

/** The servers that the environment names, in the precedence of the temporal command. */
function serversOfEnvironment(): Pick<UpOptions, 'temporal' | 'temporalConnection' | 'temporalEnvironment' | 'database'> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const { address } = connectionOptions;
  const database = process.env['DATABASE_URL'];
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[0].startsWith('TEMPORAL_') && entry[1] !== undefined,
  );
  return {
    ...(address !== undefined && {
      temporal: { address, namespace: namespace ?? 'berth' },
      temporalConnection: clientOptions(connectionOptions),
      temporalEnvironment: { TEMPORAL_CONFIG_FILE: '', ...Object.fromEntries(own) },
    }),
    ...(database !== undefined && { database }),
  };
}

/** After a restart the local cluster is what the configuration in force says. */
async function resumeConfig({ store, platform, client }: Up): Promise<void> {
  const applied = await store.config();
  if (!applied) return;
  await platform.adopt(applied.config, applied.config.apps);
  await startWatch(client);
}

function hint({ endpoints }: Up, configured: boolean): void {
  say('');
  say(`berth is up.${endpoints.uiUrl === undefined ? '' : ` Web UI: ${endpoints.uiUrl}/namespaces/${endpoints.namespace}/workflows`}`);
  say('Next, in another terminal:');
  if (!configured) say('  npm run --silent berth -- apply examples/two-sites.berth.yaml');
  say('  npm run --silent berth -- status');
  say('  npm run --silent berth -- doctor');
  say('Ctrl-C stops it; nothing is lost.');
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`berth: ${errorText(error)}`);
  process.exitCode = 1;
}
