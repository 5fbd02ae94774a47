import type { Snapshot } from '../../domain/records.ts';
import type { Actuator, Cluster, Load, Platform } from '../ports.ts';
import { askDaemon } from './client.ts';
import type { DaemonStatus } from './protocol.ts';
import { Refusal } from './refusal.ts';
import { localSpecOf } from './spec.ts';
import type { LocalReport } from './verbs.ts';

export interface LocalPlatform extends Platform {
  status(): Promise<DaemonStatus>;
  /** What really happened from `fromMs` to `toMs` (epoch ms): requests, latency against `boundMs`, moves, neighbours. */
  report(range: { fromMs: number; toMs: number; boundMs: number }): Promise<LocalReport>;
}

/** `restore` answers when the app serves again, which the daemon bounds at 25 s. */
const RESTORE_TIMEOUT_MS = 60_000;
/** Choosing the kind of sites takes a second or two, and a change of them ends every process first. */
const CONFIGURE_TIMEOUT_MS = 120_000;
const POLL_MS = 200;

/** The local cluster of a folder, by way of its daemon. `adopt` gives apps `servingS` seconds and their warm-up. Errors: `Refusal` (kind and words), `DaemonGone`. */
export function localPlatform({ dir, servingS = 120 }: { dir: string; servingS?: number }): LocalPlatform {
  return {
    cluster: clusterOf(dir),
    actuator: actuatorOf(dir),
    load: loadOf(dir),
    status: () => askDaemon(dir, 'status', {}),
    report: (range) => askDaemon(dir, 'report', range),
    async adopt(config, apps) {
      const spec = localSpecOf(config, apps);
      await askDaemon(dir, 'configure', spec, CONFIGURE_TIMEOUT_MS);
      const slowestS = Math.max(0, ...Object.values(spec.apps).map((app) => app.service?.warmUp ?? 0));
      await allServing(dir, Date.now() + (servingS + slowestS) * 1000);
    },
  };
}

async function allServing(dir: string, deadlineMs: number): Promise<void> {
  for (;;) {
    const { apps } = await askDaemon<DaemonStatus>(dir, 'status', {});
    const waiting = Object.entries(apps).filter(([, app]) => !app.ready);
    if (waiting.length === 0) return;
    if (Date.now() > deadlineMs)
      throw new Refusal('failed', waiting.map(([name, app]) => `${name} does not serve: ${app.busy ?? 'unknown'}`).join('; '));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function clusterOf(dir: string): Cluster {
  return {
    sites: () => askDaemon(dir, 'sites', {}),
    placements: (apps) => askDaemon(dir, 'placements', { apps }),
    feasibility: (apps) => askDaemon(dir, 'feasibility', { apps }),
  };
}

function actuatorOf(dir: string): Actuator {
  return {
    observe: (app) => askDaemon(dir, 'observe', { app }),
    snapshot: (app) => askDaemon(dir, 'snapshot', { app }),
    dryRun: (change) => askDaemon(dir, 'dry-run', change),
    apply: (change) => askDaemon(dir, 'apply', change),
    ready: (change) => askDaemon(dir, 'ready', change),
    restore: (snapshot: Snapshot, decisionId) => askDaemon(dir, 'restore', { snapshot, decisionId }, RESTORE_TIMEOUT_MS),
  };
}

function loadOf(dir: string): Load {
  return {
    async set(app, ratePerS) {
      await askDaemon(dir, 'load', { app, rate: ratePerS });
    },
  };
}
