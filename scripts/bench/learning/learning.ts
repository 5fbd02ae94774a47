import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { checkoutFolder } from '../../platform/checkout.ts';
import { withLock } from '../../platform/lock.ts';
import { between } from '../loop.ts';
import { keepResults, measured, readResults } from '../results.ts';
import { measureBoosting } from './boosting.ts';
import type { LearningOptions, LearningPart } from './options.ts';
import { measureParity } from './parity.ts';
import { renderLearning, type LearningFigures, type LearningResult } from './render.ts';
import { measureRows } from './rows.ts';
import { measureServing } from './serving.ts';

/** Measures what was asked for and prints it. A part that fails is named at the end, and the others still count. One at a time. */
export async function runLearning(options: LearningOptions, say: (line: string) => void): Promise<number> {
  const folder = join(checkoutFolder(), '.berth', options.quick ? 'bench-quick' : 'bench');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const onWait = (): void => say('another benchmark is running from this checkout; waiting for it ...');
  return await withLock(join(folder, 'learning.lock'), () => measureAll(options, { folder, say }), { onWait });
}

async function measureAll(options: LearningOptions, { folder, say }: { folder: string; say: (line: string) => void }): Promise<number> {
  const file = join(folder, 'learning.json');
  const fresh: LearningResult[] = [];
  const failed: string[] = [];
  for (const part of options.parts) {
    say(`${part} ...`);
    try {
      const result = await measured(part, () => measurePart(part, options, { dir: join(folder, 'learning'), say }));
      fresh.push(result);
      await keepResults(file, [result]);
    } catch (error) {
      failed.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
      say(`  failed: ${failed.at(-1) ?? ''}`);
    }
  }
  const all = await readResults<LearningResult>(file);
  process.stdout.write(`${renderLearning(options.parts.length === 0 ? all : fresh)}\n`);
  if (options.write && all.length > 0) {
    const page = join(checkoutFolder(), 'docs', 'benchmarks.md');
    await writeFile(page, between(await readFile(page, 'utf8'), renderLearning(all), 'learning'));
  }
  say(`kept in ${file}`);
  for (const line of failed) say(`not measured: ${line}`);
  return failed.length === 0 ? 0 : 1;
}

async function measurePart(
  part: LearningPart,
  options: LearningOptions,
  where: { dir: string; say: (line: string) => void },
): Promise<LearningFigures> {
  switch (part) {
    case 'boosting':
      return { kind: part, figures: await measureBoosting(options, where) };
    case 'parity':
      return { kind: part, figures: await measureParity(options) };
    case 'serving':
      return { kind: part, figures: await measureServing(options, where) };
    case 'rows':
      return { kind: part, figures: await measureRows(options, where.say) };
  }
}
