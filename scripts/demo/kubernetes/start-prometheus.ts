import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { freePort } from '../../../connectors/http/free-port.ts';
import { dismissGuard, end, launch, tailOf } from '../../platform/server-process.ts';

export interface PrometheusServer {
  readonly url: string;
  stop(): Promise<void>;
}

const READY_MS = 60_000;

/** The `prometheus` of this machine, scraping one address every second; its data lies in `dir`. It ends with this process. */
export async function startPrometheus({ dir, scrapes }: { dir: string; scrapes: string }): Promise<PrometheusServer> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const config = join(dir, 'prometheus.yml');
  await writeFile(
    config,
    `global: { scrape_interval: 1s }\nscrape_configs:\n  - { job_name: demo, static_configs: [{ targets: ['${scrapes}'] }] }\n`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const log = join(dir, 'prometheus.log');
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(dir, 'data')}`, `--web.listen-address=${address}`];
  const server = await launch({ command: 'prometheus', args, cwd: dir, env: process.env, log, dieWithParent: 'SIGKILL' });
  const stop = async () => {
    await end(server.process, [
      ['SIGTERM', 10],
      ['SIGKILL', 10],
    ]);
    dismissGuard(server.process.pid);
  };
  const url = `http://${address}`;
  for (const deadline = Date.now() + READY_MS; ; await wait(100)) {
    if (server.ended() !== undefined) throw new Error(`Prometheus ended (${server.ended()}):\n${tailOf(log)}`);
    if (await isReady(url)) return { url, stop };
    if (Date.now() < deadline) continue;
    await stop();
    throw new Error(`Prometheus is not ready after ${READY_MS / 1000} s`);
  }
}

const isReady = (url: string) =>
  fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
