import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { KILL_POINTS } from './chaos/kills.ts';
import { runChaos } from './chaos/run-chaos.ts';
import type { Row } from './chaos/row.ts';
import { errorText } from './commands/error-text.ts';
import { Told } from './commands/told.ts';
import { commit, machine } from './demo/summary.ts';
import { startControlPlane } from './kubernetes/start-control-plane.ts';
import { removePostgres } from './platform/postgres-server.ts';
import { buildControlPlane } from './run/control-plane.mjs';

const USAGE = `npm run chaos -- [options]
  --seed N      seed of the faults (default 1)
  --moves N     moves under random faults of the API server (default 200)
  --kills N     kills at each step of a move (default 5)
  --to FILE     also write the table there`;

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Moves under faults on a control plane of our own. Prints a table and ends with 1 when anything in it is not as it must be. */
async function main(): Promise<number> {
  const { seed, moves, kills, to } = options();
  const dir = await mkdtemp(join(tmpdir(), 'berth-chaos-'));
  const plane = await startControlPlane({ program: await buildControlPlane(process.env), dir: join(dir, 'kubernetes') });
  try {
    const rows = await runChaos({ dir, plane: { ...plane, kubeconfig: plane.kubeconfig() }, seed, points: KILL_POINTS, kills, moves, say });
    const table = tableOf(rows, seed);
    process.stdout.write(table);
    if (to !== undefined) await writeFile(to, table);
    return rows.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    await plane.stop();
    await removePostgres(join(dir, 'berth', 'postgres'));
    await rm(dir, { recursive: true, force: true });
  }
}

function tableOf(rows: readonly Row[], seed: number): string {
  const lines = rows.map(({ fault, how, result, ok }) => `| ${fault} | ${how} | ${seed} | ${result} | ${ok ? 'yes' : '**no**'} |`);
  return [
    `${machine()}, commit ${commit()}`,
    '',
    '| fault | how | seed | result | as it must be |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function options(): { seed: number; moves: number; kills: number; to?: string } {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        moves: { type: 'string', default: '200' },
        kills: { type: 'string', default: '5' },
        to: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${USAGE}\n`);
      process.exit(0);
    }
    const whole = (name: 'seed' | 'moves' | 'kills', least: number) => {
      const value = Number(values[name]);
      if (Number.isInteger(value) && value >= least) return value;
      throw new Error(`--${name} is a whole number from ${least} on, not ${values[name]}`);
    };
    return {
      seed: whole('seed', 0),
      moves: whole('moves', 1),
      kills: whole('kills', 0),
      ...(values.to !== undefined && { to: values.to }),
    };
  } catch (error) {
    throw new Told(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, 2);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`berth: ${errorText(error)}`);
  process.exitCode = error instanceof Told ? error.code : 1;
}
