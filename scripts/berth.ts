import { Command, CommanderError } from 'commander';

import { Told } from './commands/connect.ts';
import { errorText } from './commands/error-text.ts';
import { configCommands } from './commands/config-commands.ts';
import { learnCommands } from './commands/learn-commands.ts';
import { modelCommands } from './commands/model-commands.ts';
import { lookCommands } from './commands/look-commands.ts';
import { operatorCommands } from './commands/operator-commands.ts';
import { replayCommands } from './commands/replay-commands.ts';
import { recordCommands } from './commands/record-commands.ts';
import { releaseCommands } from './commands/release-commands.ts';
import { seriesCommands } from './commands/series-commands.ts';
import { storeCommands } from './commands/store-commands.ts';

/** The berth command: short ways to what the temporal command can do as well. Exit codes: 0 done, 1 failed, 2 bad input. */
async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('berth')
    .description('Keeps every application on the site where it will be served best.')
    .option('--temporal <address>', 'Temporal server; default: that of the berth running from this checkout')
    .option('--namespace <name>', 'its namespace')
    .option('--database <url>', 'Postgres; default: that of the berth running from this checkout')
    .option('--dir <folder>', 'folder of a running platform')
    .exitOverride()
    .showHelpAfterError('(berth --help lists the commands)');
  const groups = [
    configCommands,
    learnCommands,
    lookCommands,
    modelCommands,
    operatorCommands,
    recordCommands,
    releaseCommands,
    seriesCommands,
    replayCommands,
    storeCommands,
  ];
  for (const register of groups) register(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`${errorText(error)}\n`);
    return error instanceof Told ? error.code : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
