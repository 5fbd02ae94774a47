import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';

import type { Client } from '@temporalio/client';

import type { LocalReport } from '../../connectors/local/verbs.ts';
import type { Store } from '../../connectors/store/types.ts';
import type { ModelVersion } from '../../domain/records.ts';
import type { TrainReport } from '../../learning/train.ts';
import { checkoutFolder } from '../platform/checkout.ts';
import type { DemoMove, DemoResult, PolicyFigures, PolicyName } from './result.ts';

export const POLICIES: readonly PolicyName[] = ['held', 'reactive', 'berth'];

/** Moves as the records have them, oldest first, without the visits of profiling. */
export async function movesOf(store: Store): Promise<DemoMove[]> {
  const claims = await store.claims({ limit: 1000 });
  return claims
    .filter((c) => c.origin !== 'profile' && c.end !== 'refused')
    .sort((a, b) => a.openedMs - b.openedMs)
    .map((c) => ({
      app: c.app,
      from: c.from,
      to: c.to,
      at: new Date(c.openedMs).toISOString(),
      reason: c.reason,
      end: c.end ?? 'open',
      predictedGain: c.predictedGain ?? null,
      realisedGain: c.scoreAfter === undefined || c.scoreBefore === undefined ? null : c.scoreAfter - c.scoreBefore,
      seconds: c.endedMs === undefined ? null : (c.endedMs - c.openedMs) / 1000,
      failedRequests: c.failedRequests ?? 0,
    }));
}

/** Latency and moves of each policy while they were compared. */
export function figuresOf(report: LocalReport, moves: readonly DemoMove[], fromMs: number): DemoResult['policies'] {
  const figures = (app: PolicyName): PolicyFigures => {
    const latency = report.apps[app];
    return {
      p50Ms: latency?.p50Ms ?? null,
      p95Ms: latency?.p95Ms ?? null,
      shareOverBound: latency?.shareOverBound ?? null,
      moves: moves.filter((m) => m.app === app && Date.parse(m.at) >= fromMs).length,
    };
  };
  return { held: figures('held'), reactive: figures('reactive'), berth: figures('berth') };
}

/** Requests of every app over the whole run, by what became of them. `failed` counts 502, reset and refused: lost by a switch. */
export function requestsOf(report: LocalReport): DemoResult['requests'] {
  const sum = { sent: 0, failed: 0, timedOut: 0, shed: 0 };
  for (const { requests } of Object.values(report.apps)) {
    sum.sent += requests.sent;
    sum.failed += requests.failed;
    sum.timedOut += requests.timedOut;
    sum.shed += requests.shed;
  }
  return sum;
}

/** Workflows of the namespace by type and outcome, as Temporal itself counts them. */
export async function workflowCounts(client: Client): Promise<Record<string, { completed: number; failed: number; running: number }>> {
  const counts: Record<string, { completed: number; failed: number; running: number }> = {};
  for await (const { type, status } of client.workflow.list()) {
    const count = (counts[type] ??= { completed: 0, failed: 0, running: 0 });
    if (status.name === 'RUNNING') count.running++;
    else if (status.name === 'COMPLETED' || status.name === 'CONTINUED_AS_NEW') count.completed++;
    else count.failed++;
  }
  return counts;
}

export function modelFigures(model: ModelVersion): DemoResult['model'] {
  const report = model.report as TrainReport;
  return {
    name: report.served,
    skill: report.skill?.value ?? null,
    baseline: report.bestBaseline ?? 'none',
    servedBy: model.servedBy,
    said: report.why,
  };
}

export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${availableParallelism()} cores of ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${process.platform}`;
}

export function commit(): string {
  try {
    return execFileSync('git', ['-C', checkoutFolder(), 'describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    // Not a git checkout, or no git: the figures stand without a commit, and say so.
    return 'unknown';
  }
}
