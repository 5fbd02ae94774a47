import { userInfo } from 'node:os';

import type { Command } from 'commander';

import { configJsonSchema } from '../../domain/parse-config.ts';
import { connectedPlatform } from '../../workers/parts/connected-platform.ts';
import { applyConfig, readConfig } from './apply.ts';
import { withPlatform, type Where } from './connect.ts';
import { diffConfig } from './diff.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);

/** What deals with berth.yaml: validate, diff, apply, schema. */
export function configCommands(program: Command): void {
  program
    .command('validate <file>')
    .description('check a berth.yaml; lists every problem with its line')
    .action(async (file: string) => {
      const config = await readConfig(file);
      print(`${file} is right: ${Object.keys(config.apps).length} apps, ${Object.keys(config.sites).length} sites`);
    });
  program
    .command('diff <file>')
    .description('what applying a berth.yaml would change; changes nothing')
    .action(async (file: string) => {
      const config = await readConfig(file);
      await withPlatform(program.opts<Where>(), async ({ store, client }) =>
        print((await diffConfig(config, { store, client })).join('\n')),
      );
    });
  program
    .command('apply <file>')
    .description('make a berth.yaml the configuration in force; twice changes nothing')
    .option('--by <name>', 'who applies it', userInfo().username)
    .action(async (file: string, options: { by: string }) => {
      const config = await readConfig(file);
      await withPlatform(program.opts<Where>(), async ({ endpoints, store, client }) => {
        const platform = connectedPlatform({ localCluster: endpoints.cluster, kubeconfig: process.env['BERTH_KUBECONFIG'], store });
        for (const line of await applyConfig(config, { store, client, by: options.by, platform })) print(line);
      });
    });
  program
    .command('schema')
    .description('print the JSON Schema of berth.yaml')
    .action(() => print(JSON.stringify(configJsonSchema(), null, 2)));
}
