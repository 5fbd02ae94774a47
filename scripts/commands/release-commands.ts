import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Command } from 'commander';

import type { Store } from '../../connectors/store/types.ts';
import { workflowIds } from '../../workflows/queues.ts';
import { connectedPlatform, type ConnectedPlatform } from '../../workers/parts/connected-platform.ts';
import { Told, withPlatform, type Where } from './connect.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);

/** Leaving: every app as its owner had it, and nothing of berth left that would move it again. */
export function releaseCommands(program: Command): void {
  program
    .command('release [app]')
    .description("give an app on Kubernetes back: its owner's constraints, no pin, no annotation; ends its controller")
    .option('--all', 'every app, and end the watch and every Schedule')
    .action((app: string | undefined, { all = false }: { all?: boolean }) =>
      withPlatform(program.opts<Where>(), async ({ endpoints, store, client }) => {
        if ((app === undefined) === !all) throw new Told('say which: berth release APP, or berth release --all', 2);
        const platform = connectedPlatform({ localCluster: endpoints.cluster, kubeconfig: process.env['BERTH_KUBECONFIG'], store });
        const told = { store, client, platform };
        // First whatever would move an app again.
        const left = all ? await endEverything(client) : [];
        for (const one of await appsToRelease(store, app)) left.push(...(await release(one, told)));
        platform.close();
        if (left.length > 0) throw new Told(`not everything could be given back:\n${left.map((line) => `  ${line}`).join('\n')}`);
        if (!all) print('take it out of berth.yaml and apply that, or a look may move it again');
      }),
    );
}

async function appsToRelease(store: Store, app: string | undefined): Promise<readonly string[]> {
  const config = (await store.config())?.config;
  if (!config) throw new Told('there is no configuration in force');
  const onKubernetes = Object.keys(config.apps).filter((name) => config.apps[name]?.kubernetes);
  if (app === undefined) return onKubernetes;
  if (!onKubernetes.includes(app)) throw new Told(`there is no app ${app} on Kubernetes in the configuration in force`, 2);
  return [app];
}

/** What could not be done, in sentences. */
async function release(
  app: string,
  { store, client, platform }: { store: Store; client: Client; platform: ConnectedPlatform },
): Promise<readonly string[]> {
  const open = (await store.openClaims()).find((claim) => claim.app === app);
  if (open) return [`${app}: a move is under way (${open.decisionId}); try again when it has ended`];
  await end(client, workflowIds.controller(app));
  try {
    const released = await platform.release(app);
    if (released.kind === 'refused') return [`${app}: ${released.why}`];
    print(
      `${app}: ${released.kind === 'untouched' ? 'nothing of it was ours' : `given back (${released.field}${released.changed ? ', as it was before the first move' : ' was as it had been'})`}`,
    );
    return [];
  } catch (error) {
    return [`${app}: ${error instanceof Error ? error.message : 'unknown'}`];
  }
}

async function endEverything(client: Client): Promise<string[]> {
  const failed: string[] = [];
  for await (const { scheduleId } of client.schedule.list()) {
    await client.schedule
      .getHandle(scheduleId)
      .delete()
      .then(
        () => print(`Schedule ${scheduleId} is deleted`),
        (error: unknown) => failed.push(`Schedule ${scheduleId}: ${error instanceof Error ? error.message : 'unknown'}`),
      );
  }
  await end(client, workflowIds.watch);
  return failed;
}

async function end(client: Client, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).terminate('berth release');
    print(`${workflowId} is ended`);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
