import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { checkoutFolder } from '../platform/checkout.ts';
import { withLock } from '../platform/lock.ts';
import { measureFirstDecision } from './first-decision.ts';
import { measureLook } from './look.ts';
import { LOADS, measureMoves } from './move.ts';
import { measureOnboarding } from './onboarding.ts';
import type { LoopOptions, Part } from './options.ts';
import { measurePause } from './pause.ts';
import type { Where } from './play-fleet.ts';
import { measureRecovery } from './recovery.ts';
import { renderResults } from './render.ts';
import { keepResults, measured, readResults, type Figures, type Result } from './results.ts';

type Step = readonly [key: string, measure: () => Promise<Figures>];

/** Measures what was asked for, one after another, and prints it. A part that fails is named at the end, and the others still count. One at a time. */
export async function runLoop(options: LoopOptions, say: (line: string) => void): Promise<number> {
  // A smoke run's figures mean nothing: they are kept apart, and it does not wait for a real one.
  const folder = join(checkoutFolder(), '.berth', options.quick ? 'bench-quick' : 'bench');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const onWait = (): void => say('another benchmark is running from this checkout; waiting for it ...');
  return await withLock(join(folder, 'loop.lock'), () => measureAll(options, { folder, say }), { onWait });
}

async function measureAll(options: LoopOptions, { folder, say }: { folder: string; say: (line: string) => void }): Promise<number> {
  const file = join(folder, 'loop.json');
  const fresh: Result[] = [];
  const failed: string[] = [];
  let all = await readResults(file);
  for (const [key, measure] of steps(options, { dir: join(folder, 'stage'), say })) {
    say(`${key} ...`);
    try {
      const result = await measured(key, measure);
      fresh.push(result);
      all = await keepResults(file, [result]);
    } catch (error) {
      failed.push(`${key}: ${error instanceof Error ? error.message : String(error)}`);
      say(`  failed: ${failed.at(-1) ?? ''}`);
    }
  }
  process.stdout.write(`${renderResults(options.parts.length === 0 ? all : fresh)}\n`);
  if (options.write && all.length > 0) await writeDocs(join(checkoutFolder(), 'docs', 'benchmarks.md'), renderResults(all));
  say(`kept in ${file}`);
  for (const line of failed) say(`not measured: ${line}`);
  return failed.length === 0 ? 0 : 1;
}

function steps(options: LoopOptions, where: Where): Step[] {
  const { sites, middle, largest } = options;
  const of: Readonly<Record<Part, () => Step[]>> = {
    look: () =>
      options.cells.map(({ looks, ...cell }): Step => [
        `look ${pad(cell.apps)} apps ${pad(cell.models, 4)} models ${cell.everyS} s`,
        async () => ({ kind: 'look', figures: await measureLook({ ...cell, sites }, looks, where) }),
      ]),
    recovery: () => [
      [
        'recovery',
        async () => ({ kind: 'recovery', figures: await measureRecovery({ ...middle, sites, models: 1 }, options.kills, where) }),
      ],
    ],
    pause: () => [
      ['pause', async () => ({ kind: 'pause', figures: await measurePause({ ...largest, sites, models: 1 }, options.pauseLooks, where) })],
    ],
    onboarding: () => [
      ['onboarding', async () => ({ kind: 'onboarding', figures: await measureOnboarding({ ...largest, sites, models: 1 }, where) })],
    ],
    first: () => [['first decision', async () => ({ kind: 'first', figures: await measureFirstDecision(where) })]],
    move: () => [['move', async () => ({ kind: 'move', figures: await measureMoves(options.moves, LOADS, where) })]],
  };
  return options.parts.flatMap((part) => of[part]());
}

const pad = (value: number, width = 5): string => String(value).padStart(width, ' ');

const END = '<!-- end of measured -->';

/** Puts `text` between the marks that a page has for a benchmark; throws when it lacks them. */
export function between(page: string, text: string, name = 'loop'): string {
  const begin = `<!-- measured: npm run bench -- ${name} --write -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(END, from);
  if (from < 0 || to < from) throw new Error(`the page lacks the marks ${begin} and ${END}`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

async function writeDocs(file: string, text: string): Promise<void> {
  await writeFile(file, between(await readFile(file, 'utf8'), text));
}
