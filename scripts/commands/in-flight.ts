import type { Client } from '@temporalio/client';

import type { Store } from '../../connectors/store/types.ts';
import type { Config } from '../../domain/config.ts';
import { isEnabled } from '../../domain/enabled.ts';
import type { Claim } from '../../domain/records.ts';

/** Workflows that somebody or a Schedule started for an app, or for all; a move or profile is told by its claim. */
const STARTED = "ExecutionStatus='Running' AND WorkflowType IN ('trainModel', 'promoteModel', 'drainSite', 'predictQos')";

/** What is still under way of apps that are turned off, and how it will end, a line each. */
export async function inFlight(config: Config, { store, client }: { store: Store; client: Client }): Promise<string[]> {
  const off = Object.keys(config.apps).filter((app) => !isEnabled(config, app));
  if (off.length === 0) return [];
  const moves = (await store.openClaims()).filter(({ app }) => off.includes(app)).map((claim) => claimLine(claim, config));
  const running: string[] = [];
  for await (const { workflowId, type } of client.workflow.list({ query: STARTED })) {
    const ofAll = type === 'drainSite' || type === 'predictQos';
    if (ofAll ? config.enabled === false : off.some((app) => isOf(workflowId, app)))
      running.push(`${workflowId} is under way, and ends by itself`);
  }
  const lines = [...moves, ...running];
  const who = config.enabled === false ? 'everything' : off.join(', ');
  return [`turned off: ${who}; ${lines.length === 0 ? 'nothing of it is under way' : 'still under way:'}`, ...lines];
}

function claimLine({ app, from, to, origin }: Claim, { apps, policies }: Config): string {
  if (origin === 'profile') return `the profile of ${app} makes no further visit and takes the app home`;
  const end = policies[apps[app]?.policy ?? '']?.onPause === 'revert' ? 'is undone' : 'finishes';
  return `the move of ${app} from ${from} to ${to} ${end}`;
}

/** `train/<app>`, `train/<app>-<time>` and `promote/<app>/<version>`. */
function isOf(workflowId: string, app: string): boolean {
  const [kind, name = ''] = workflowId.split('/');
  if (kind === 'promote') return name === app;
  return name === app || (name.startsWith(`${app}-`) && /^\d{4}-\d{2}-\d{2}T/.test(name.slice(app.length + 1)));
}
