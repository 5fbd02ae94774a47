import type { Command } from 'commander';

import { withPlatform, Told, type Where } from './connect.ts';
import { diagnose } from './doctor.ts';
import { explain, type ExplainOptions } from './explain.ts';
import { reachableClusters } from './clusters.ts';
import { statusOf, table } from './status.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);

/** What only looks: status, explain, moves, doctor. */
export function lookCommands(program: Command): void {
  program
    .command('status')
    .description('where every app is, and what the last look said of it')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) =>
      withPlatform(program.opts<Where>(), async ({ endpoints, store }) => {
        const platform = await reachableClusters(store, endpoints.cluster);
        const status = await statusOf(store, platform?.cluster);
        platform?.close();
        if (options.json) return print(JSON.stringify(status, null, 2));
        print(`fleet: ${status.fleet}`);
        if (status.look !== undefined) print(`last look: ${status.look}`);
        if (status.apps.length > 0) {
          print(
            table(
              ['app', 'site', 'mode', 'state', 'model', 'last decision'],
              status.apps.map((a) => [a.app, a.site ?? 'unknown', a.mode, a.state, a.model ?? '-', a.decision ?? '-']),
            ),
          );
        }
      }),
    );
  program
    .command('explain <appOrDecision>')
    .description('one decision line by line: why, every site, every gate, what came of it; of an app the newest')
    .option('--at <time>', 'the decision at or before this instant (ISO 8601)')
    .option('--move', 'the newest decision that moved it or would have')
    .action((wanted: string, options: ExplainOptions) =>
      withPlatform(program.opts<Where>(), async ({ store }) => print(await explain(store, wanted, options))),
    );
  program
    .command('moves')
    .description('the newest moves and how they ended')
    .option('--app <name>', 'of one app')
    .action((options: { app?: string }) =>
      withPlatform(program.opts<Where>(), async ({ store }) => {
        const claims = await store.claims({ limit: 20, ...(options.app !== undefined && { app: options.app }) });
        print(
          table(
            ['when', 'app', 'from', 'to', 'end', 'why'],
            claims.map((c) => [new Date(c.openedMs).toISOString(), c.app, c.from, c.to, c.end ?? 'open', (c.why ?? c.reason).slice(0, 80)]),
          ),
        );
      }),
    );
  program
    .command('doctor')
    .description('check everything berth needs; each finding comes with its fix')
    .action(async () => {
      const findings = await diagnose(program.opts<Where>());
      for (const { ok, what, fix } of findings) print(`${ok ? 'ok  ' : 'FAIL'}  ${what}${fix === undefined ? '' : `\n      fix: ${fix}`}`);
      if (findings.some((f) => !f.ok)) throw new Told(`${findings.filter((f) => !f.ok).length} of ${findings.length} checks failed`);
    });
}
