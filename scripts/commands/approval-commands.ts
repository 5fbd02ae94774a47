import type { Command } from 'commander';

import type { Approval, ControllerRow } from '../../domain/records.ts';
import { withPlatform, type Where } from './connect.ts';
import { table } from './status.ts';
import { message, print, said, tellApp, type Options } from './tell.ts';

/** Moves that wait for somebody's yes: listed, approved, rejected. */
export function approvalCommands(program: Command): void {
  const where = () => program.opts<Where>();
  program
    .command('approvals')
    .description('the moves that wait for an approval')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) =>
      withPlatform(where(), async ({ store }) => {
        const waiting = (await store.controllers()).flatMap(waitingOf);
        if (options.json) return print(JSON.stringify(waiting, null, 2));
        print(waiting.length === 0 ? 'no move waits for an approval' : approvalTable(waiting, Date.now()));
      }),
    );
  for (const [verb, text] of [
    ['approve', 'say yes to the move of an app that waits; it is looked at again before it starts'],
    ['reject', 'say no to it'],
  ] as const) {
    const command = program.command(`${verb} <app>`).description(text).option('--decision <id>', 'only if it is this one that waits');
    said(command, verb === 'reject').action(async (app: string, options: Options & { decision?: string }) => {
      await withPlatform(where(), async (connected) => {
        const named = options.decision === undefined ? {} : { decision: options.decision };
        print(await tellApp(connected, { app, update: verb, message: { ...message(options), ...named } }));
      });
    });
  }
}

type Waiting = Approval & { readonly app: string };

const waitingOf = ({ app, approval }: ControllerRow): Waiting[] => (approval ? [{ app, ...approval }] : []);

export function approvalTable(waiting: readonly Waiting[], nowMs: number): string {
  return table(
    ['app', 'move', 'gain', 'cost', 'age', 'runs out', 'state', 'decision'],
    waiting.map((w) => [
      w.app,
      `${w.from} to ${w.to}`,
      w.gain.toFixed(2),
      w.costS === undefined ? 'unknown' : `${w.costS.toFixed(1)} s`,
      `${((nowMs - w.sinceMs) / 1000).toFixed(0)} s`,
      new Date(w.expiresMs).toISOString(),
      w.approved === undefined ? 'waits for an approval' : `approved by ${w.approved.by}`,
      w.decisionId,
    ]),
  );
}
