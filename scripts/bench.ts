import { errorText } from './commands/error-text.ts';
import { readDecisionsOptions, DECISIONS_USAGE, runDecisions } from './bench/decisions.ts';
import { runLearning } from './bench/learning/learning.ts';
import { LEARNING_USAGE, readLearningOptions } from './bench/learning/options.ts';
import { runLoop } from './bench/loop.ts';
import { LOOP_USAGE, readLoopOptions } from './bench/options.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

interface Benchmark {
  readonly name: string;
  readonly about: string;
  readonly usage: string;
  /** Throws for options that make no sense. */
  read(args: readonly string[]): () => Promise<number>;
}

const BENCHMARKS: readonly Benchmark[] = [
  {
    name: 'loop',
    about: 'the look, its moves, recovery, pause, onboarding and the first decision; 25 to 40 minutes on 2 cores',
    usage: LOOP_USAGE,
    read(args) {
      const options = readLoopOptions(args);
      return () => runLoop(options, say);
    },
  },
  {
    name: 'learning',
    about: 'boosting against LightGBM and XGBoost, ONNX against the trainer, serving; about 15 minutes on 2 cores',
    usage: LEARNING_USAGE,
    read(args) {
      const options = readLearningOptions(args);
      return () => runLearning(options, say);
    },
  },
  {
    name: 'decisions',
    about: 'what berth decides on a recorded trace and in made-up worlds, and how fast; under 3 minutes on an idle machine',
    usage: DECISIONS_USAGE,
    read(args) {
      const options = readDecisionsOptions(args);
      return () => runDecisions(options, say);
    },
  },
];

const NAMES = [
  'benchmarks:',
  ...BENCHMARKS.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`),
  '',
  'usage: npm run bench -- NAME [options]; npm run bench -- NAME --help',
].join('\n');

/** `npm run bench -- NAME [options]`; without a name it lists them. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help') {
    process.stdout.write(`${NAMES}\n`);
    return 0;
  }
  const benchmark = BENCHMARKS.find((b) => b.name === name);
  if (!benchmark) {
    say(`there is no benchmark ${JSON.stringify(name)}\n${NAMES}`);
    return 2;
  }
  if (args.includes('--help')) {
    process.stdout.write(`${benchmark.usage}\n`);
    return 0;
  }
  let run: () => Promise<number>;
  try {
    run = benchmark.read(args);
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${benchmark.usage}`);
    return 2;
  }
  return await run();
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(`berth: ${errorText(error)}`);
  process.exitCode = 1;
}
