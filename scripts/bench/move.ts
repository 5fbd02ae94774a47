import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { WithStartWorkflowOperation } from '@temporalio/client';

import { configSchema, type Config } from '../../domain/config.ts';
import type { Claim } from '../../domain/records.ts';
import type { Answer, SiteMessage } from '../../workflows/messages.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { applyConfig } from '../commands/apply.ts';
import { removePostgres } from '../platform/postgres-server.ts';
import { bringUp, type Up } from '../up/bring-up.ts';
import { quantile } from './histories.ts';
import type { Where } from './play-fleet.ts';

export interface Load {
  readonly ratePerS: number;
  readonly workMs: number;
}
export interface MoveFigures {
  readonly load: Load;
  /** `simulated`: no cores were free; the rates are multiplied by `rateFactor`. */
  readonly sites: string;
  readonly rateFactor: number;
  readonly moves: number;
  readonly done: number;
  readonly requests: { readonly sent: number; readonly failed: number; readonly timedOut: number; readonly shed: number };
  readonly totalS: { readonly p50: number; readonly max: number };
  /** Median seconds from each phase of the claim to the next. */
  readonly phases: Readonly<Record<string, number>>;
}

export const LOADS: readonly Load[] = [
  { ratePerS: 20, workMs: 6 },
  { ratePerS: 100, workMs: 0.3 },
  { ratePerS: 500, workMs: 0.3 },
];
/** Seconds that a move waits because it was told to: the app must have been ready so long, and is watched so long. */
export const WAITS = { stableS: 0.5, soakS: 2 } as const;

const APP = 'service';
const SITES = ['site-0', 'site-1'] as const;
const PATIENCE_S = 60;

/** Moves of a real service under load between two sites of the local cluster, each asked for by an operator's override. */
export async function measureMoves(moves: number, loads: readonly Load[], where: Where): Promise<MoveFigures[]> {
  await clear(where.dir);
  const up = await bringUp({ dir: where.dir, say: where.say, dieWithParent: true });
  try {
    const seen: MoveFigures[] = [];
    for (const load of loads) seen.push(await measureLoad(up, { load, moves }, where));
    return seen;
  } finally {
    await up.stop();
    await clear(where.dir);
  }
}

async function clear(dir: string): Promise<void> {
  await removePostgres(join(dir, 'postgres'));
  await rm(dir, { recursive: true, force: true });
}

function configOf({ ratePerS, workMs }: Load): Config {
  return configSchema.parse({
    version: 1,
    connectors: { local: { sites: 'auto' } },
    sites: { [SITES[0]]: {}, [SITES[1]]: {} },
    objectives: { snappy: { kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 8, worst: 80, scale: 'log' }], slo: 0.6 } },
    policies: {
      asked: {
        mode: 'recommend',
        ready: { deadline: 30, stable: WAITS.stableS },
        verify: { soak: WAITS.soakS, tolerance: 1 },
        cooldown: { initial: 0, max: 0 },
      },
    },
    apps: {
      [APP]: { objective: 'snappy', policy: 'asked', local: { start: SITES[0], service: { workMs, warmUp: 0 }, load: { rate: ratePerS } } },
    },
    schedules: { look: { every: 60 } },
    telemetry: { step: 0.5, window: 30 },
  });
}

async function measureLoad(up: Up, { load, moves }: { load: Load; moves: number }, { say }: Where): Promise<MoveFigures> {
  await applyConfig(configOf(load), { ...up, by: 'bench' });
  await wait(3000);
  const fromMs = Date.now();
  const claims: Claim[] = [];
  let site = (await up.platform.cluster.placements([APP]))[0]?.site ?? SITES[0];
  for (let i = 0; i < moves; i++) {
    site = site === SITES[0] ? SITES[1] : SITES[0];
    const claim = await moveTo(up, site);
    say(
      `  ${load.ratePerS}/s of ${load.workMs} ms, move ${i + 1} of ${moves} to ${site}: ${claim.end ?? 'open'}, ${lengthS(claim).toFixed(2)} s${claim.why === undefined ? '' : `, ${claim.why}`}`,
    );
    claims.push(claim);
  }
  await wait(1500);
  const report = await up.platform.report({ fromMs, toMs: Date.now(), boundMs: 20 });
  const requests = report.apps[APP]?.requests;
  if (!requests) throw new Error('the load generator tells no requests');
  const { sent, failed, timedOut, shed } = requests;
  return {
    load,
    sites: report.mode.kind,
    rateFactor: report.mode.rateFactor,
    moves,
    done: claims.filter((c) => c.end === 'done').length,
    requests: { sent, failed, timedOut, shed },
    totalS: { p50: quantile(claims.map(lengthS), 0.5), max: quantile(claims.map(lengthS), 1) },
    phases: phasesOf(claims),
  };
}

const lengthS = ({ openedMs, endedMs }: Claim): number => ((endedMs ?? NaN) - openedMs) / 1000;

async function moveTo({ client, store }: Up, site: string): Promise<Claim> {
  const beganMs = Date.now();
  const startWorkflowOperation = new WithStartWorkflowOperation('placementController', {
    workflowId: workflowIds.controller(APP),
    taskQueue: QUEUE.control,
    args: [{ app: APP }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  const message: SiteMessage = { by: 'bench', reason: 'measured', site };
  await client.workflow.executeUpdateWithStart<(input: { app: string }) => Promise<void>, Answer, [SiteMessage]>('override', {
    args: [message],
    startWorkflowOperation,
  });
  for (; Date.now() < beganMs + PATIENCE_S * 1000; await wait(100)) {
    const [claim] = await store.claims({ app: APP, limit: 1 });
    if (claim?.end !== undefined && claim.to === site && claim.openedMs >= beganMs - 50) return claim;
  }
  throw new Error(`the move to ${site} did not end within ${PATIENCE_S} s`);
}

/** From one phase to the next; the first stretch is from the admission, the last to the end. */
function phasesOf(claims: readonly Claim[]): Record<string, number> {
  const lengths = new Map<string, number[]>();
  for (const { openedMs, endedMs, phases } of claims) {
    const marks = [{ phase: 'claim', atMs: openedMs }, ...phases, { phase: 'end', atMs: endedMs ?? NaN }];
    marks.slice(0, -1).forEach(({ phase, atMs }, i) => {
      const seconds = ((marks[i + 1]?.atMs ?? NaN) - atMs) / 1000;
      lengths.set(phase, [...(lengths.get(phase) ?? []), seconds]);
    });
  }
  return Object.fromEntries([...lengths].map(([phase, seconds]) => [phase, quantile(seconds, 0.5)]));
}
