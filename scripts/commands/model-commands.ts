import { userInfo } from 'node:os';

import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Command } from 'commander';

import type { Store } from '../../connectors/store/types.ts';
import type { ModelChange, ModelVersion } from '../../domain/records.ts';
import type { Answer, OperatorMessage } from '../../workflows/messages.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { Told, withPlatform, type Where } from './connect.ts';
import { table } from './status.ts';

interface Said {
  readonly by: string;
  readonly reason: string;
}

const print = (line: string) => void process.stdout.write(`${line}\n`);
const time = (ms: number) => new Date(ms).toISOString();

/** What serves and served, and who said so: models, model rollback, model approve, model reject. */
export function modelCommands(program: Command): void {
  const where = () => program.opts<Where>();
  program
    .command('models [app]')
    .description('the versions of the models, their aliases and history; with --at what served an app at an instant')
    .option('--at <time>', 'an instant (ISO 8601)')
    .option('--json', 'as JSON')
    .action((app: string | undefined, options: { at?: string; json?: boolean }) =>
      withPlatform(where(), async ({ store }) => {
        const keys = await keysOf(store, app);
        const found = await Promise.all(
          keys.map((key) => shown(store, { key, ...(options.at !== undefined && { atMs: instant(options.at) }) })),
        );
        if (options.json)
          return print(
            JSON.stringify(
              found.flatMap((f) => f.records),
              null,
              2,
            ),
          );
        for (const { lines } of found) for (const line of lines) print(line);
      }),
    );
  const model = program.command('model').description('what a person says to a model: rollback, approve, reject');
  said(model.command('rollback <app>').description('put back the model that served before; one look later it serves')).action(
    (app: string, { by, reason }: Said) =>
      withPlatform(where(), async ({ client, store }) => {
        const [key = ''] = await keysOf(store, app);
        const handle = await client.workflow.start<(input: object) => Promise<{ from: number; to: number }>>('rollbackModel', {
          workflowId: workflowIds.rollback(key),
          taskQueue: QUEUE.control,
          args: [{ key, by, reason }],
          staticSummary: `roll back ${key}`,
        });
        const { from, to } = await handle.result();
        print(`version ${from} of ${key} is taken back; version ${to} serves from the next look on`);
      }),
  );
  for (const verb of ['approve', 'reject'] as const) {
    said(model.command(`${verb} <app>`).description(verb === 'approve' ? 'let a version serve that waits for it' : 'turn a version down'))
      .option('--version <n>', 'which one; default: the challenger')
      .action((app: string, { by, reason, version }: Said & { version?: string }) =>
        withPlatform(where(), async ({ client, store }) => {
          const [key = ''] = await keysOf(store, app);
          const wanted = version === undefined ? (await store.alias(key, 'challenger'))?.version : Number(version);
          if (wanted === undefined || !Number.isInteger(wanted)) throw new Told(`there is no version of ${key} to ${verb}`, 2);
          const handle = client.workflow.getHandle(workflowIds.promote(key, wanted));
          try {
            print((await handle.executeUpdate<Answer, [OperatorMessage]>(verb, { args: [{ by, reason }] })).said);
          } catch (error) {
            if (error instanceof WorkflowUpdateFailedError) throw new Told(error.cause?.message ?? error.message, 2);
            throw error;
          }
        }),
      );
  }
}

const said = (command: Command) =>
  command.option('--by <name>', 'who says so', userInfo().username).requiredOption('--reason <text>', 'why');

function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Told(`--at ${text} is not an instant such as 2026-11-25T18:00:00Z`, 2);
  return ms;
}

/** The key of the model that serves an app; without one those of all apps. */
async function keysOf(store: Store, app: string | undefined): Promise<string[]> {
  const apps = (await store.config())?.config.apps ?? {};
  if (app === undefined) return [...new Set(Object.entries(apps).map(([name, spec]) => spec.model ?? name))];
  const spec = apps[app];
  if (!spec) throw new Told(`no app is called ${app}; there are ${Object.keys(apps).join(', ') || 'none'}`, 2);
  return [spec.model ?? app];
}

interface Shown {
  readonly lines: readonly string[];
  readonly records: readonly object[];
}

async function shown(store: Store, { key, atMs }: { key: string; atMs?: number }): Promise<Shown> {
  if (atMs !== undefined) return servedAt(store, key, atMs);
  const [models, history] = [await store.models(key), await store.aliasHistory(key)];
  if (models.length === 0) return { lines: [`${key}: no model yet`], records: [{ key, versions: [], history: [] }] };
  const aliases = await Promise.all(
    (['champion', 'challenger', 'previous'] as const).map(async (alias) => ({ alias, version: (await store.alias(key, alias))?.version })),
  );
  const rows = models.map((m) => [
    `${key}@${m.version}`,
    aliases.flatMap((a) => (a.version === m.version ? [a.alias] : [])).join(', ') || '-',
    m.servedBy,
    learnerOf(m),
    time(m.createdMs),
    m.profileId,
  ]);
  return {
    lines: [
      table(['model', 'alias', 'serves as', 'learner', 'made', 'learned from'], rows),
      ...history.slice(0, 10).map((c) => `  ${time(c.atMs)}  ${c.alias} = ${c.version}, by ${c.by}: ${c.why}`),
    ],
    records: [{ key, versions: models.map(({ report: _, ...m }) => m), aliases, history }],
  };
}

async function servedAt(store: Store, key: string, atMs: number): Promise<Shown> {
  const served = await store.servedAt(key, atMs);
  if (!served) return { lines: [`${key}: no model served at ${time(atMs)}`], records: [{ key, at: time(atMs) }] };
  const { model, change }: { model: ModelVersion; change: ModelChange } = served;
  const { data } = model.contract as { data?: readonly string[] };
  return {
    lines: [
      `${key}: version ${model.version} (${learnerOf(model)}, serves as ${model.servedBy}) served at ${time(atMs)}`,
      `  learned from profile ${model.profileId}, frames ${data?.join(', ') || 'not told'}`,
      `  champion since ${time(change.atMs)}, by ${change.by}: ${change.why}`,
    ],
    records: [{ key, at: time(atMs), version: model.version, profileId: model.profileId, data, change }],
  };
}

const learnerOf = ({ contract }: ModelVersion): string => (contract as { learner?: string }).learner ?? '-';
