import { userInfo } from 'node:os';

import { WithStartWorkflowOperation, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import type { Command } from 'commander';

import type { Store } from '../../connectors/store/types.ts';
import type { Answer, OperatorMessage, SiteMessage } from '../../workflows/messages.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { Told, withPlatform, type Connected, type Where } from './connect.ts';

interface Options {
  readonly by: string;
  readonly reason: string;
  readonly until?: string;
  readonly for?: string;
}

const print = (line: string) => void process.stdout.write(`${line}\n`);

/** What an operator says to controllers and to the fleet. Each is an update with an answer; a controller that is not there yet is started. */
export function operatorCommands(program: Command): void {
  const where = () => program.opts<Where>();
  for (const [verb, text] of [
    ['pause', 'move an app no more (or the fleet, with --fleet)'],
    ['resume', 'go on after a pause or a hold'],
  ] as const) {
    said(program.command(`${verb} [app]`).description(text).option('--fleet', 'the whole fleet'), verb === 'pause').action(
      async (app: string | undefined, options: Options & { fleet?: boolean }) => {
        if ((app === undefined) === (options.fleet === undefined)) throw new Told('give the name of an app, or --fleet', 2);
        await withPlatform(where(), async (connected) =>
          print(
            await (app === undefined
              ? tellFleet(connected.client, verb, message(options))
              : tellApp(connected, { app, update: verb, message: message(options) })),
          ),
        );
      },
    );
  }
  for (const [verb, text] of [
    ['override', 'put an app on a site and keep it there'],
    ['exclude', 'never move an app to a site'],
    ['include', 'allow a site again'],
  ] as const) {
    said(program.command(`${verb} <app> <site>`).description(text), verb !== 'include').action(
      async (app: string, site: string, options: Options) => {
        await withPlatform(where(), async (connected) =>
          print(await tellApp(connected, { app, update: verb, message: { ...message(options), site } })),
        );
      },
    );
  }
  said(program.command('clear-override <app>').description('let berth decide again'), false).action(
    async (app: string, options: Options) => {
      await withPlatform(where(), async (connected) =>
        print(await tellApp(connected, { app, update: 'clear-override', message: message(options) })),
      );
    },
  );
  program
    .command('train <app>')
    .description('learn from the newest profile of an app; makes a profile first if there is none')
    .option('--reprofile', 'take a new profile first')
    .action((app: string, options: { reprofile?: boolean }) =>
      withPlatform(where(), async ({ client, store }) => {
        await known(store, app);
        const handle = await client.workflow.start('trainModel', {
          workflowId: workflowIds.train(app),
          taskQueue: QUEUE.control,
          args: [{ app, ...(options.reprofile && { reprofile: true }) }],
        });
        print(`started ${handle.workflowId}`);
        print(JSON.stringify(await handle.result(), null, 2));
      }),
    );
}

function said(command: Command, ends: boolean): Command {
  command.option('--by <name>', 'who says so', userInfo().username).requiredOption('--reason <text>', 'why');
  return ends
    ? command.option('--until <instant>', 'until when (ISO 8601 with a zone)').option('--for <seconds>', 'for how long')
    : command;
}

function message(options: Options): OperatorMessage {
  return {
    by: options.by,
    reason: options.reason,
    id: `${options.by}-${Date.now()}`,
    ...(options.until !== undefined && { until: options.until }),
    ...(options.for !== undefined && { forS: Number(options.for) }),
  };
}

/** A name that nobody has is the commonest mistake; it is told before anything is started. */
async function known(store: Store, app: string): Promise<void> {
  const apps = Object.keys((await store.config())?.config.apps ?? {});
  if (!apps.includes(app))
    throw new Told(`no app is called ${app}; there are ${apps.join(', ') || 'none, because nothing was applied'}`, 2);
}

interface Said {
  readonly app: string;
  readonly update: string;
  readonly message: OperatorMessage | SiteMessage;
}

async function tellApp({ client, store }: Connected, said: Said): Promise<string> {
  await known(store, said.app);
  const start = new WithStartWorkflowOperation('placementController', {
    workflowId: workflowIds.controller(said.app),
    taskQueue: QUEUE.control,
    args: [{ app: said.app }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `placement of ${said.app}`,
  });
  return await answered(async () =>
    client.workflow.executeUpdateWithStart<(input: { app: string }) => Promise<void>, Answer, [OperatorMessage]>(said.update, {
      args: [said.message],
      startWorkflowOperation: start,
    }),
  );
}

async function tellFleet(client: Client, update: string, fleetMessage: OperatorMessage): Promise<string> {
  return await answered(async () =>
    client.workflow.getHandle(workflowIds.watch).executeUpdate<Answer, [OperatorMessage]>(update, { args: [fleetMessage] }),
  );
}

async function answered(ask: () => Promise<Answer>): Promise<string> {
  try {
    return (await ask()).said;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw new Told(error.cause?.message ?? error.message, 2);
    throw error;
  }
}
