import { setCurrentDetails } from '@temporalio/workflow';

import { look, shard } from './activity-groups.ts';
import { scheduledMs } from './scheduled-time.ts';
import { safeText } from './text.ts';

export interface LookSummary {
  readonly lookMs: number;
  readonly apps: number;
  /** Why it only recorded; absent = it decided for real. */
  readonly recordOnly?: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly proposals: number;
  readonly outcomes: number;
}

/** One look at the fleet: read, predict, decide as one, record, propose. Its id is its scheduled time. */
export async function predictQos(): Promise<LookSummary> {
  const lookMs = scheduledMs();
  const opened = await look.openLook({ lookMs });
  await Promise.all(opened.shards.map((part) => shard.predictShard({ lookMs, ...part })));
  const decided = await look.decideFleet({ lookMs });
  const sent = await look.sendProposals({ lookMs });
  const summary = {
    lookMs,
    apps: opened.apps,
    counts: decided.counts,
    proposals: sent.proposals,
    outcomes: sent.outcomes,
    ...(opened.recordOnly !== undefined && { recordOnly: opened.recordOnly }),
  };
  setCurrentDetails(render(summary));
  return summary;
}

function render(summary: LookSummary): string {
  const counts = Object.entries(summary.counts).map(([verdict, n]) => `${verdict} ${n}`);
  return [
    `${summary.apps} apps: ${counts.join(', ')}; ${summary.proposals} proposals sent`,
    ...(summary.recordOnly === undefined ? [] : [`recorded only: ${safeText(summary.recordOnly)}`]),
  ].join('\n\n');
}
