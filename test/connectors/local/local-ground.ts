import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localPlatform } from '../../../connectors/local/platform.ts';
import type { LocalPlatform } from '../../../connectors/local/platform.ts';
import { allProcesses } from '../../../connectors/local/proc.ts';
import { startDaemon, stopDaemon } from '../../../connectors/local/start-daemon.ts';
import { configSchema } from '../../../domain/config.ts';
import type { Config, ConfigInput } from '../../../domain/config.ts';
import type { Scrape } from '../../../domain/records.ts';
import type { Ground } from '../../contracts/ground.ts';
import { builtDaemon } from './build.ts';

/** A user's own service that does not start on site `b`. */
const PICKY = `
  if (process.env.BERTH_SITE === 'b') { console.error('I do not like it here'); process.exit(3); }
  require('http').createServer((q, r) => r.end(q.url === '/ready' ? process.env.BERTH_NONCE : 'hello')).listen(process.env.PORT, '127.0.0.1');
`;

export interface LocalOptions {
  readonly mode?: 'cores' | 'simulated';
  readonly rate?: number;
  readonly workMs?: number;
  readonly warmUp?: number;
  readonly sites?: ConfigInput['sites'];
  readonly neighbours?: NonNullable<NonNullable<ConfigInput['connectors']>['local']>['neighbours'];
}

export function localConfig(options: LocalOptions = {}): Config {
  const own = { objective: 'fast', policy: 'calm' };
  return configSchema.parse({
    version: 1,
    connectors: { local: { sites: options.mode ?? 'simulated', ...(options.neighbours && { neighbours: options.neighbours }) } },
    sites: options.sites ?? { a: {}, b: {} },
    objectives: { fast: { kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 5, worst: 100 }], slo: 0.5 } },
    policies: { calm: {} },
    telemetry: { step: 0.5 },
    apps: {
      web: {
        ...own,
        local: { service: { workMs: options.workMs ?? 2, warmUp: options.warmUp ?? 0.3 }, load: { rate: options.rate ?? 20 } },
      },
      picky: { ...own, local: { command: [process.execPath, '-e', PICKY] } },
    },
  } satisfies ConfigInput);
}

export interface LocalGround extends Ground {
  readonly platform: LocalPlatform;
  readonly dir: string;
  start(): Promise<{ pid: number; adopted: boolean }>;
  scrapes(): Scrape[];
}

/** A real daemon in a folder of its own, with its apps up. */
export async function localGround(options: LocalOptions = {}): Promise<LocalGround> {
  const dir = mkdtempSync(join(tmpdir(), 'berth-local-'));
  const scrapes = join(dir, 'scrapes.ndjson');
  const platform = localPlatform({ dir });
  const start = () => startDaemon({ dir, command: [process.execPath, builtDaemon(), '--scrapes', scrapes] });
  const close = async () => {
    await stopDaemon(dir);
    rmSync(dir, { recursive: true });
  };
  await start();
  const config = localConfig(options);
  await platform.adopt(config, config.apps).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const sent = async (app: string) => (await platform.report({ fromMs: 0, toMs: 1e15, boundMs: 100 })).apps[app]?.requests.sent ?? 0;
  const request = async (app: string) => {
    const url = (await platform.status()).apps[app]?.url;
    return (await fetch(`${url}/work`, { headers: { connection: 'close' } })).status;
  };
  const read = () => lines(scrapes).map((line) => JSON.parse(line) as Scrape);
  return { platform, dir, start, scrapes: read, app: 'web', broken: 'picky', home: 'a', away: 'b', request, sent, close };
}

function lines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

/** The process and everything below it, as it is now. */
export function familyOf(pid: number): number[] {
  const all = allProcesses() ?? [];
  const found = [pid];
  for (const one of found) found.push(...all.filter((process) => process.parent === one).map((process) => process.pid));
  return found;
}

/** Gone, or only waiting for its parent to take note. */
export function isGone(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
