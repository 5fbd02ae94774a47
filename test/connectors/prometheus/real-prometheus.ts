import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../../connectors/http/free-port.ts';

const run = promisify(execFile);

/** Whether the machine has Prometheus; without it these tests skip and say so. */
export const hasPrometheus = ['prometheus', 'promtool'].every((program) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

export interface RealPrometheus {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** One sample of the history: a line of OpenMetrics without its time, and the time in epoch ms. */
export type Sample = readonly [line: string, atMs: number];

/** A Prometheus that holds `history` and scrapes nothing, on a free port of 127.0.0.1, its data in a folder of its own. */
export async function startPrometheus(history: readonly Sample[]): Promise<RealPrometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-prometheus-'));
  const lines = history.map(([line, atMs]) => `${line} ${atMs / 1000}`);
  await writeFile(join(dir, 'history.txt'), `${lines.join('\n')}\n# EOF\n`);
  await writeFile(join(dir, 'prometheus.yml'), 'global: { scrape_interval: 15s }\n');
  await run('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(dir, 'history.txt'), join(dir, 'data')]);
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(
    'prometheus',
    [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=${address}`,
    ],
    { stdio: 'ignore' },
  );
  const gone = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await gone;
    await rm(dir, { recursive: true });
  };
  const url = `http://${address}`;
  for (let tries = 0; !(await isReady(url)); tries++) {
    if (server.exitCode !== null || tries > 1200) {
      await stop();
      throw new Error('Prometheus does not get ready');
    }
    await sleep(50);
  }
  return { url, stop };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    return false;
  }
}
