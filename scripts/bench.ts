import { errorText } from './commands/error-text.ts';
import { runLoop } from './bench/loop.ts';
import { LOOP_USAGE, readLoopOptions, type LoopOptions } from './bench/options.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

const NAMES =
  'benchmarks:\n  loop   the look, its moves, recovery, pause, onboarding and the first decision; 25 to 40 minutes on 2 cores\n\nusage: npm run bench -- NAME [options]; npm run bench -- NAME --help';

/** `npm run bench -- NAME [options]`; without a name it lists them. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help') {
    process.stdout.write(`${NAMES}\n`);
    return 0;
  }
  if (name !== 'loop') {
    say(`there is no benchmark ${JSON.stringify(name)}\n${NAMES}`);
    return 2;
  }
  if (args.includes('--help')) {
    process.stdout.write(`${LOOP_USAGE}\n`);
    return 0;
  }
  let options: LoopOptions;
  try {
    options = readLoopOptions(args);
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${LOOP_USAGE}`);
    return 2;
  }
  return await runLoop(options, say);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(`berth: ${errorText(error)}`);
  process.exitCode = 1;
}
