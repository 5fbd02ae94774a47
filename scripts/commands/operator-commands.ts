import type { Command } from 'commander';

import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { approvalCommands } from './approval-commands.ts';
import { Told, withPlatform, type Where } from './connect.ts';
import { drainCommands } from './drain-commands.ts';
import { known, message, print, said, tellApp, tellWorkflow, type Options } from './tell.ts';

type OfFleet = Options & { fleet?: boolean };

/** What an operator says to controllers and to the fleet. Each is an update with an answer; a controller that is not there yet is started. */
export function operatorCommands(program: Command): void {
  const where = () => program.opts<Where>();
  for (const [verb, text] of [
    ['pause', 'move an app no more (or the fleet, with --fleet)'],
    ['resume', 'go on after a pause or a hold'],
    ['freeze', 'keep an app where it is, whoever wants it elsewhere (or every app, with --fleet)'],
    ['unfreeze', 'end a freeze'],
  ] as const) {
    const command = program.command(`${verb} [app]`).description(text).option('--fleet', 'the whole fleet');
    said(command, verb === 'pause' || verb === 'freeze').action(async (app: string | undefined, options: OfFleet) => {
      if ((app === undefined) === (options.fleet === undefined)) throw new Told('give the name of an app, or --fleet', 2);
      await withPlatform(where(), async (connected) => {
        const word = { update: verb, message: message(options) };
        print(await (app === undefined ? tellWorkflow(connected.client, workflowIds.watch, word) : tellApp(connected, { app, ...word })));
      });
    });
  }
  said(program.command('override <app> <site>').description('put an app on a site and keep it there'), true).action(
    async (app: string, site: string, options: Options) => {
      await withPlatform(where(), async (connected) =>
        print(await tellApp(connected, { app, update: 'override', message: { ...message(options), site } })),
      );
    },
  );
  for (const [verb, text] of [
    ['exclude', 'never move an app to a site (or any app, with --fleet SITE)'],
    ['include', 'allow a site again'],
  ] as const) {
    const command = program.command(`${verb} <appOrSite> [site]`).description(text).option('--fleet', 'for every app');
    said(command, verb === 'exclude').action(async (first: string, second: string | undefined, options: OfFleet) => {
      if ((second === undefined) !== (options.fleet === true)) throw new Told('give an app and a site, or a site and --fleet', 2);
      await withPlatform(where(), async (connected) => {
        if (second !== undefined)
          return print(await tellApp(connected, { app: first, update: verb, message: { ...message(options), site: second } }));
        await known(connected.store, 'sites', first);
        const word = { update: verb, message: { ...message(options), site: first } };
        print(await tellWorkflow(connected.client, workflowIds.watch, word));
      });
    });
  }
  said(program.command('clear-override <app>').description('let berth decide again'), false).action(
    async (app: string, options: Options) => {
      await withPlatform(where(), async (connected) =>
        print(await tellApp(connected, { app, update: 'clear-override', message: message(options) })),
      );
    },
  );
  said(program.command('reset-breaker').description('let apps move again after too many moves were undone'), false).action(
    async (options: Options) => {
      const word = { update: 'reset-breaker', message: message(options) };
      await withPlatform(where(), async ({ client }) => print(await tellWorkflow(client, workflowIds.watch, word)));
    },
  );
  approvalCommands(program);
  drainCommands(program);
  trainCommand(program);
}

function trainCommand(program: Command): void {
  program
    .command('train <app>')
    .description('learn from the newest profile of an app; makes a profile first if there is none')
    .option('--reprofile', 'take a new profile first')
    .action((app: string, options: { reprofile?: boolean }) =>
      withPlatform(program.opts<Where>(), async ({ client, store }) => {
        await known(store, 'apps', app);
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
