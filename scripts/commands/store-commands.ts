import type { Command } from 'commander';

import { folderBlobs } from '../../connectors/blobs/folder.ts';
import { backup, restore } from '../../connectors/store/backup.ts';
import { collectBlobs } from '../../connectors/store/collect-blobs.ts';
import { findEndpoints, withPlatform, type Where } from './connect.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);
const DAY_MS = 86_400_000;

/** What keeps the store: backup, restore, collect-garbage. */
export function storeCommands(program: Command): void {
  program
    .command('backup <folder>')
    .description('write everything of the store and its blobs into a new folder')
    .action(async (folder: string) => {
      const { databaseUrl, blobs } = findEndpoints(program.opts<Where>());
      print(JSON.stringify(await backup({ url: databaseUrl, dir: folder, blobs: folderBlobs(blobs) })));
    });
  program
    .command('restore <folder>')
    .description('read a backup into an empty database')
    .action(async (folder: string) => {
      const { databaseUrl, blobs } = findEndpoints(program.opts<Where>());
      print(JSON.stringify(await restore({ url: databaseUrl, dir: folder, blobs: folderBlobs(blobs) })));
    });
  program
    .command('collect-garbage')
    .description('delete frames and models that nothing names any more')
    .option('--older-than-days <days>', 'only those at least this old', '7')
    .action((options: { olderThanDays: string }) =>
      withPlatform(program.opts<Where>(), async ({ endpoints, store }) => {
        print(
          JSON.stringify(
            await collectBlobs(store, folderBlobs(endpoints.blobs), { olderThanMs: Date.now() - Number(options.olderThanDays) * DAY_MS }),
          ),
        );
      }),
    );
}
