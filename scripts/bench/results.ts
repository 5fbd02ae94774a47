import { readFile, rename, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';

import { commit, machine } from '../demo/summary.ts';
import type { FirstDecisionFigures } from './first-decision.ts';
import type { LookFigures } from './look.ts';
import type { MoveFigures } from './move.ts';
import type { OnboardingFigures } from './onboarding.ts';
import type { PauseFigures } from './pause.ts';
import type { RecoveryFigures } from './recovery.ts';

/** What a measurement was made on. */
export interface Circumstances {
  /** One of its kind is kept: a newer one takes its place. */
  readonly key: string;
  readonly at: string;
  readonly commit: string;
  readonly machine: string;
  /** Load average over a minute before it began: what others took of the machine. */
  readonly loadBefore: number;
}

/** One measurement of the loop. */
export type Result = Circumstances & Figures;

export type Figures =
  | { readonly kind: 'look'; readonly figures: LookFigures }
  | { readonly kind: 'recovery'; readonly figures: RecoveryFigures }
  | { readonly kind: 'pause'; readonly figures: PauseFigures }
  | { readonly kind: 'onboarding'; readonly figures: OnboardingFigures }
  | { readonly kind: 'first'; readonly figures: FirstDecisionFigures }
  | { readonly kind: 'move'; readonly figures: readonly MoveFigures[] };

/** Runs one measurement and notes the circumstances. */
export async function measured<T extends object>(key: string, measure: () => Promise<T>): Promise<Circumstances & T> {
  const about = { key, at: new Date().toISOString(), commit: commit(), machine: machine(), loadBefore: loadavg()[0] ?? NaN };
  return { ...about, ...(await measure()) };
}

/** All that was measured so far in this checkout, oldest key first. */
export async function readResults<T extends Circumstances = Result>(file: string): Promise<T[]> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Adds results in the place of older ones of the same key. */
export async function keepResults<T extends Circumstances>(file: string, fresh: readonly T[]): Promise<T[]> {
  const keys = new Set(fresh.map((r) => r.key));
  const all = [...(await readResults<T>(file)).filter((r) => !keys.has(r.key)), ...fresh].sort((a, b) => (a.key < b.key ? -1 : 1));
  await writeFile(`${file}.new`, `${JSON.stringify(all, null, 1)}\n`);
  await rename(`${file}.new`, file);
  return all;
}
