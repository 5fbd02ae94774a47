import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runProgram } from '../../platform/run-program.ts';
import { quantile } from '../histories.ts';
import type { LearningOptions } from './options.ts';
import { openPeers, type Peers } from './peers.ts';
import { syntheticTable } from './synthetic.ts';
import { BENCH_LOSSES, type BenchLoss, type Trial, type TrialResult } from './trial.ts';

export interface BoostingRow {
  readonly rows: number;
  readonly loss: BenchLoss;
  readonly trainer: string;
  readonly seeds: number;
  /** Medians over the tables. */
  readonly userS: number;
  readonly error: number;
  /** Of our trainer to this one, table by table: the median, and for errors the mean with the least and the greatest. Absent: no peers. */
  readonly cpuRatio?: number;
  readonly errorRatio?: { readonly mean: number; readonly least: number; readonly greatest: number };
}

export interface BoostingFigures {
  readonly table: readonly BoostingRow[];
  /** Trainings of peers that were left out, and why. */
  readonly skipped: { readonly count: number; readonly why: string } | null;
}

const TEST_ROWS = 20_000;

/** Trains the same on the same tables with each trainer in turn, so that the load of the machine is much the same for all. */
export async function measureBoosting(
  options: LearningOptions,
  where: { dir: string; say: (line: string) => void },
): Promise<BoostingFigures> {
  await mkdir(where.dir, { recursive: true });
  const peers = options.quick ? 'a smoke run needs none' : await openPeers(join(where.dir, 'peers'));
  if (typeof peers === 'string') where.say(`  peers skipped: ${peers}`);
  try {
    const table: BoostingRow[] = [];
    for (const rows of options.rows) {
      const results = new Map<BenchLoss, TrialResult[][]>(BENCH_LOSSES.map((loss) => [loss, []]));
      for (let seed = 1; seed <= options.seeds; seed++) await measureTable({ rows, seed, options }, peers, { ...where, results });
      for (const [loss, byTable] of results) table.push(...summarise({ rows, loss }, byTable));
    }
    const count = 2 * options.rows.length * options.seeds * BENCH_LOSSES.length;
    return { table, skipped: typeof peers === 'string' ? { count, why: peers } : null };
  } finally {
    if (typeof peers !== 'string') await peers.remove();
    await rm(join(where.dir, 'tables'), { recursive: true, force: true });
  }
}

async function measureTable(
  { rows, seed, options }: { rows: number; seed: number; options: LearningOptions },
  peers: Peers | string,
  { dir, say, results }: { dir: string; say: (line: string) => void; results: Map<BenchLoss, TrialResult[][]> },
): Promise<void> {
  const files = await writeTables(join(dir, 'tables'), { rows, width: options.width, seed, testRows: options.quick ? 500 : TEST_ROWS });
  for (const loss of BENCH_LOSSES) {
    const trial: Trial = { ...files, width: options.width, loss, rounds: options.rounds, leaves: 31, bins: 64, rate: 0.1, minRows: 20 };
    const own = [await runOurs(trial), ...(typeof peers === 'string' ? [] : await peers.run(trial))];
    if (seed === 1 && loss === 'squared') own.push(await runOurs(trial, 'js'));
    results.get(loss)!.push(own);
    say(
      `  ${rows} rows, seed ${seed}, ${loss}: ${own.map((r) => `${r.trainer} ${r.userS.toFixed(2)} s, error ${r.error.toFixed(4)}`).join('; ')}`,
    );
  }
}

async function writeTables(
  dir: string,
  { rows, width, seed, testRows }: { rows: number; width: number; seed: number; testRows: number },
): Promise<Pick<Trial, 'rows' | 'target' | 'testRows' | 'testTarget'>> {
  await mkdir(dir, { recursive: true });
  const files = {
    rows: join(dir, 'rows'),
    target: join(dir, 'target'),
    testRows: join(dir, 'test-rows'),
    testTarget: join(dir, 'test-target'),
  };
  const table = syntheticTable({ n: rows, width, seed });
  const test = syntheticTable({ n: testRows, width, seed: 1000 + seed });
  await writeFile(files.rows, table.rows);
  await writeFile(files.target, table.y);
  await writeFile(files.testRows, test.rows);
  await writeFile(files.testTarget, test.y);
  return files;
}

async function runOurs(trial: Trial, kernels: 'wasm' | 'js' = 'wasm'): Promise<TrialResult> {
  const script = fileURLToPath(new URL('ours.js', import.meta.url));
  const { code, text } = await runProgram(process.execPath, [script, JSON.stringify(trial), kernels], { deadlineMs: 1_800_000 });
  if (code !== 0) throw new Error(`our trainer ended with ${code ?? 'a signal'}: ${text.trim()}`);
  return JSON.parse(text) as TrialResult;
}

/** One row per trainer, ours first. */
export function summarise(of: { rows: number; loss: BenchLoss }, byTable: readonly (readonly TrialResult[])[]): BoostingRow[] {
  const trainers = [...new Set(byTable.flat().map((r) => r.trainer))];
  return trainers.map((trainer) => {
    const pairs = byTable.flatMap((own) => {
      const peer = own.find((r) => r.trainer === trainer);
      return peer ? [{ ours: own[0]!, peer }] : [];
    });
    const row = {
      ...of,
      trainer,
      seeds: pairs.length,
      userS: quantile(
        pairs.map(({ peer }) => peer.userS),
        0.5,
      ),
      error: quantile(
        pairs.map(({ peer }) => peer.error),
        0.5,
      ),
    };
    if (trainer === byTable[0]![0]!.trainer) return row;
    const errors = pairs.map(({ ours, peer }) => ours.error / peer.error);
    return {
      ...row,
      cpuRatio: quantile(
        pairs.map(({ ours, peer }) => ours.userS / peer.userS),
        0.5,
      ),
      errorRatio: { mean: errors.reduce((a, b) => a + b, 0) / errors.length, least: Math.min(...errors), greatest: Math.max(...errors) },
    };
  });
}
