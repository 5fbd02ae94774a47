import { setTimeout as wait } from 'node:timers/promises';

import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';

import type { DrainResult, DrainState } from '../../workflows/drain-site.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { Told, withPlatform, type Where } from './connect.ts';
import { known, message, print, said, tellWorkflow, type Options } from './tell.ts';

interface DrainOptions extends Options {
  readonly byTime?: string;
  readonly undo?: boolean;
  readonly pause?: boolean;
  readonly resume?: boolean;
  readonly cancel?: boolean;
  readonly wait: boolean;
}

const POLL_MS = 1000;

/** Emptying a site: started, followed, paused, undone. */
export function drainCommands(program: Command): void {
  const command = program
    .command('drain <site>')
    .description('move every app away from a site, within the budgets; says what cannot go and why')
    .option('--by-time <instant>', 'by when (ISO 8601 with a zone); without it, however long it takes')
    .option('--undo', 'bring back what the last drain of the site moved away')
    .option('--pause', 'ask nobody else to go')
    .option('--resume', 'go on')
    .option('--cancel', 'stop it; what has moved stays where it is')
    .option('--no-wait', 'do not follow it to its end');
  said(command, false).action((site: string, options: DrainOptions) =>
    withPlatform(program.opts<Where>(), async ({ client, store }) => {
      await known(store, 'sites', site);
      const handle = client.workflow.getHandle(workflowIds.drain(site));
      if (options.cancel) return void (await handle.cancel(), print(`the drain of ${site} is cancelled`));
      for (const verb of ['pause', 'resume'] as const) {
        const word = { update: verb, message: message(options) };
        if (options[verb]) return print(await tellWorkflow(client, workflowIds.drain(site), word));
      }
      print(await begin(client, site, options));
      if (options.wait) print(await follow(client.workflow.getHandle(workflowIds.drain(site))));
    }),
  );
}

async function begin(client: Client, site: string, { by, reason, byTime, undo }: DrainOptions): Promise<string> {
  const workflowId = workflowIds.drain(site);
  try {
    await client.workflow.start('drainSite', {
      workflowId,
      taskQueue: QUEUE.control,
      args: [{ site, by, reason, ...(byTime !== undefined && { until: byTime }), ...(undo && { undo: true }) }],
      staticSummary: `${undo ? 'undo the drain of' : 'drain'} ${site}`,
    });
    return `started ${workflowId}`;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    if (undo) return await tellWorkflow(client, workflowId, { update: 'undo', message: { by, reason } });
    throw new Told(`${workflowId} is running already; --pause, --resume, --undo and --cancel talk to it`, 2);
  }
}

/** Says what changes until it is over. */
async function follow(handle: WorkflowHandle): Promise<string> {
  let before = '';
  for (;;) {
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') break;
    const line = lineOf(await handle.query<DrainState>('state'));
    if (line !== before) print(line);
    before = line;
    await wait(POLL_MS);
  }
  return resultLines((await handle.result()) as DrainResult);
}

function lineOf({ view, paused }: DrainState): string {
  if (!view) return 'begins';
  const { moved, moving, waiting, left, stuck } = view;
  return `${paused ? 'paused: ' : ''}${moved.length} moved, ${moving.length} on the way, ${waiting} wait for a budget, ${stuck.length} cannot go, ${left} left`;
}

export function resultLines({ site, undone, complete, moved, left, stuck }: DrainResult): string {
  const head = undone
    ? `${moved.length} apps are back on ${site}${complete ? '' : `, ${left} are not`}`
    : `${site} is ${complete ? 'empty' : `not empty: ${left} apps are left`}; ${moved.length} were moved`;
  const fence = undone ? [] : [`${site} stays excluded: berth include --fleet ${site} --reason "..." lets apps be moved there again`];
  return [head, ...stuck.map(({ app, why }) => `${app} cannot go: ${why}`), ...fence].join('\n');
}
