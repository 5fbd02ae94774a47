import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { renderReport } from '../../learning/tasks/render-report.ts';
import { BadInput } from '../../learning/tasks/table.ts';
import { taskJsonSchema } from '../../learning/tasks/task-schema.ts';
import { Told } from './told.ts';

const print = (text: string): void => void process.stdout.write(text);

interface Options {
  readonly task: string;
  readonly data: string[];
  readonly budget: string;
  readonly seed: string;
}

/** Learning from files: fit, predict, evaluate. They need no server. */
export function learnCommands(program: Command): void {
  const learning = (command: Command): Command =>
    command
      .requiredOption('--task <file>', 'the task file')
      .requiredOption('--data <files...>', 'CSV, CSV.gz or Parquet')
      .option('--budget <duration>', 'how long it may take, reading apart, such as 30s or 5m', '60s')
      .option('--seed <n>', 'the same seed, data and budget give the same model', '1');
  learning(program.command('fit').description('learn what a task file says from files; writes the model and its report'))
    .requiredOption('--out <folder>', 'folder for model.onnx, contract.json, report.md, report.json and pictures')
    .action((options: Options & { out: string }) =>
      told(async () => {
        const { fit } = await import('../learn/fit.ts');
        const report = await fit({ ...readOptions(options), out: options.out });
        print(`${report.verdict}: ${report.why}\n${options.out}: served by ${report.chosen?.name ?? '-'}\n`);
      }),
    );
  learning(program.command('evaluate').description('print the backtest of what a task file says'))
    .option('--json <file>', 'also write it as JSON')
    .action((options: Options & { json?: string }) =>
      told(async () => {
        const { evaluate } = await import('../learn/fit.ts');
        const report = await evaluate(readOptions(options));
        if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
        print(renderReport(report));
      }),
    );
  program
    .command('predict')
    .description('predict from files by a fitted model')
    .requiredOption('--model <folder>', 'what fit wrote')
    .requiredOption('--data <files...>', 'CSV, CSV.gz or Parquet')
    .requiredOption('--out <file>', 'CSV of the predictions')
    .action((options: { model: string; data: string[]; out: string }) =>
      told(async () => {
        const { predict } = await import('../learn/predict.ts');
        const { rows, predicted } = await predict(options);
        print(`${options.out}: ${rows} rows, ${predicted} predicted, ${rows - predicted} left empty\n`);
      }),
    );
  program
    .command('task-schema')
    .description('print the JSON Schema of a task file')
    .action(() => print(`${JSON.stringify(taskJsonSchema(), null, 2)}\n`));
}

/** Bad input is told with code 2, every problem on a line of its own. */
async function told(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    throw new Told(`${error.message}\n${error.problems.length} problem${error.problems.length === 1 ? '' : 's'}`, 2);
  }
}

const UNIT_S: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

function readOptions({ task, data, budget, seed }: Options): { task: string; data: string[]; budgetS: number; seed: number } {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(budget);
  const budgetS = match ? Number(match[1]) * (UNIT_S[match[2] ?? 's'] ?? NaN) : NaN;
  const problems = [
    ...(budgetS > 0 ? [] : [`--budget: a duration such as 30s or 5m, not ${JSON.stringify(budget)}`]),
    ...(/^\d{1,9}$/.test(seed) ? [] : [`--seed: a whole number, not ${JSON.stringify(seed)}`]),
  ];
  if (problems.length > 0) throw new Told(problems.join('\n'), 2);
  return { task, data, budgetS, seed: Number(seed) };
}
