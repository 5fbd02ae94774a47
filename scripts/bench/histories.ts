import type { Client } from '@temporalio/client';

import type { Stage } from './stage.ts';

/** Seconds of the stages of one look, from the events of its history. */
export interface LookStages {
  readonly openS: number;
  readonly predictS: number;
  readonly decideS: number;
  readonly proposeS: number;
  readonly events: number;
}

interface Span {
  fromMs: number;
  toMs: number;
}

/** The looks from `fromMs` on, by the time of their start. */
export async function lookStages(client: Client, ids: readonly string[]): Promise<LookStages[]> {
  return await Promise.all(ids.map((id) => stagesOf(client, id)));
}

async function stagesOf(client: Client, workflowId: string): Promise<LookStages> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const spans = new Map<string, Span>();
  const names = new Map<string, string>();
  for (const event of events ?? []) {
    const atMs = Number(event.eventTime?.seconds ?? 0) * 1000 + (event.eventTime?.nanos ?? 0) / 1e6;
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      const name = scheduled.activityType?.name ?? '';
      names.set(String(event.eventId), name);
      if (!spans.has(name)) spans.set(name, { fromMs: atMs, toMs: atMs });
    }
    const done = event.activityTaskCompletedEventAttributes;
    const span = done && spans.get(names.get(String(done.scheduledEventId)) ?? '');
    if (span) span.toMs = atMs;
  }
  const seconds = (name: string): number => {
    const span = spans.get(name);
    return span ? (span.toMs - span.fromMs) / 1000 : NaN;
  };
  return {
    openS: seconds('openLook'),
    predictS: seconds('predictShard'),
    decideS: seconds('decideFleet'),
    proposeS: seconds('sendProposals'),
    events: events?.length ?? 0,
  };
}

/** Ids of the looks that the Schedule started in a time, oldest first. */
export async function lookIds(client: Client, span: { fromMs: number; toMs: number }): Promise<string[]> {
  const found: { id: string; atMs: number }[] = [];
  for await (const { workflowId } of client.workflow.list({ query: "WorkflowType = 'predictQos'" })) {
    const atMs = Date.parse(workflowId.slice('predict/fleet-'.length));
    if (atMs >= span.fromMs && atMs <= span.toMs) found.push({ id: workflowId, atMs });
  }
  return found.sort((a, b) => a.atMs - b.atMs).map(({ id }) => id);
}

/** Events of a move, and of its controller for one proposal and move, as medians over some that moved once. */
export async function moveEvents({ store, client }: Stage): Promise<{ move: number; controller: number; moves: number } | undefined> {
  const claims = (await store.claims({ limit: 100_000 })).filter((c) => c.end === 'done');
  const times = new Map<string, number>();
  for (const { app } of claims) times.set(app, (times.get(app) ?? 0) + 1);
  const once = claims.filter(({ app }) => times.get(app) === 1).slice(0, 9);
  if (once.length === 0) return undefined;
  const length = async (id: string): Promise<number> => (await client.workflow.getHandle(id).describe()).historyLength;
  const move = await Promise.all(once.map(({ workflowId }) => length(workflowId)));
  const controller = await Promise.all(once.map(({ app }) => length(`app/${app}`)));
  return { move: quantile(move, 0.5), controller: quantile(controller, 0.5), moves: claims.length };
}

export async function countRunning(client: Client, type: string): Promise<number> {
  return (await client.workflow.count(`WorkflowType = '${type}' and ExecutionStatus = 'Running'`)).count;
}

/** Nearest rank: of few values p95 is the greatest. NaN when there is none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
