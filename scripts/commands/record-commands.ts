import type { Command } from 'commander';

import { exportNdjson, exportParquet } from '../../connectors/file/decision-export.ts';
import { decisionPages } from '../../connectors/store/decision-pages.ts';
import type { DecisionFilter, Store } from '../../connectors/store/types.ts';
import { GATES } from '../../domain/decision.ts';
import { summariseDecision } from '../../domain/explain.ts';
import { signed, type Track, trackRecord, trackSentence } from '../../domain/track-record.ts';
import { Told, withPlatform, type Where } from './connect.ts';
import { table } from './status.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);
const VERDICTS = ['stay', 'hold', 'recommend', 'move'];
/** Decisions that are shown unless more are asked for, and moves that a report counts at most. */
const SHOWN = 50;
const MOVES_MAX = 100_000;

interface Search {
  readonly app?: string;
  readonly site?: string;
  readonly outcome?: string;
  readonly gate?: string;
  readonly model?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
  readonly format?: string;
  readonly out?: string;
}

/** What reads the records: decisions, report. */
export function recordCommands(program: Command): void {
  program
    .command('decisions')
    .description('search the records of decisions, or export them; newest first')
    .option('--app <name>')
    .option('--site <name>', 'the app was there, or would have gone there')
    .option('--outcome <verdict>', VERDICTS.join(', '))
    .option('--gate <name>', 'the gate that decided')
    .option('--model <name[@version]>', 'the model that predicted')
    .option('--from <time>', 'looks from this instant on (ISO 8601)')
    .option('--to <time>', 'looks up to this instant')
    .option('--limit <n>', `at most so many; without it ${SHOWN} are shown, and all are exported`)
    .option('--format <format>', 'ndjson or parquet: export whole records instead of showing lines')
    .option('--out <file>', 'a new file to export to; ndjson goes to the terminal without it')
    .action((options: Search) => withPlatform(program.opts<Where>(), async ({ store }) => print(await search(store, options))));
  program
    .command('report')
    .description('how the moves turned out: predicted against realised, per app, site and model')
    .option('--app <name>', 'of one app')
    .option('--from <time>', 'moves that ended from this instant on (ISO 8601)')
    .option('--json', 'as JSON')
    .action((options: { app?: string; from?: string; json?: boolean }) =>
      withPlatform(program.opts<Where>(), async ({ store }) => {
        const sinceMs = instant(options.from, '--from', []);
        const moves = await store.moveRecords({
          limit: MOVES_MAX,
          ...(options.app && { app: options.app }),
          ...(sinceMs !== undefined && { sinceMs }),
        });
        const record = trackRecord(moves);
        if (options.json) return print(JSON.stringify(record, null, 2));
        print(trackSentence(record.all));
        for (const part of ['apps', 'sites', 'models'] as const) if (record.all.moves > 0) print(`\n${tracks(part, record[part])}`);
      }),
    );
}

async function search(store: Store, options: Search): Promise<string> {
  const filter = await filterOf(store, options);
  const { format, out } = options;
  if (format === undefined) {
    const found = await store.decisions({ ...filter, limit: options.limit === undefined ? SHOWN : Number(options.limit) });
    return found.map((d) => `${new Date(d.lookMs).toISOString()}  ${d.app}: ${summariseDecision(d)}`).join('\n') || 'none';
  }
  const most = options.limit === undefined ? Infinity : Number(options.limit);
  const pages = decisionPages(store, filter, most);
  if (format === 'parquet') return `${await exportParquet(pages, out ?? '')} decisions in ${out ?? ''}`;
  const count = await exportNdjson(pages, out ?? '-');
  process.stderr.write(`${count} decisions\n`);
  return '';
}

/** Every option is judged before anything is read, and all that is wrong is told at once. */
async function filterOf(store: Store, options: Search): Promise<DecisionFilter> {
  const wrong: string[] = [];
  const { app, site, outcome, gate, model, format, out, limit } = options;
  const fromMs = instant(options.from, '--from', wrong);
  const toMs = instant(options.to, '--to', wrong);
  const [key, version] = (model ?? '').split('@');
  if (outcome !== undefined && !VERDICTS.includes(outcome)) wrong.push(`--outcome ${outcome}: there are ${VERDICTS.join(', ')}`);
  const gates: readonly string[] = [...GATES, 'ok', 'no-better-site'];
  if (gate !== undefined && !gates.includes(gate)) wrong.push(`--gate ${gate}: there are ${gates.join(', ')}`);
  if (version !== undefined && !/^\d+$/.test(version)) wrong.push(`--model ${model ?? ''}: a version is a number, as in shop@3`);
  if (format !== undefined && format !== 'ndjson' && format !== 'parquet') wrong.push(`--format ${format}: there are ndjson, parquet`);
  if (format === 'parquet' && out === undefined) wrong.push('--format parquet needs --out FILE');
  if (format === undefined && out !== undefined) wrong.push('--out needs --format');
  if (limit !== undefined && !/^[1-9]\d*$/.test(limit)) wrong.push(`--limit ${limit} is not a whole number from 1`);
  const config = (await store.config())?.config;
  if (app !== undefined && !config?.apps[app])
    process.stderr.write(`no app is called ${app} now; older records are searched all the same\n`);
  if (wrong.length > 0) throw new Told(wrong.join('\n'), 2);
  return {
    ...(app !== undefined && { app }),
    ...(site !== undefined && { site }),
    ...(outcome !== undefined && { verdict: outcome }),
    ...(gate !== undefined && { reason: gate }),
    ...(model !== undefined && { model: { key: key ?? '', ...(version !== undefined && { version: Number(version) }) } }),
    ...(fromMs !== undefined && { fromMs }),
    ...(toMs !== undefined && { toMs }),
  };
}

function instant(text: string | undefined, option: string, wrong: string[]): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) wrong.push(`${option} ${text} is not an instant such as 2026-11-25T18:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function tracks(part: string, groups: Readonly<Record<string, Track>>): string {
  const points = (value: number | undefined) => (value === undefined ? '-' : signed(value, 2));
  return table(
    [part, 'moves', 'helped', 'undone', 'predicted', 'realised', 'share', 'not known'],
    Object.entries(groups).map(([name, t]) => [
      name,
      String(t.moves),
      String(t.helped),
      String(t.undone),
      points(t.predicted),
      points(t.realised),
      t.share === undefined ? '-' : `${signed(t.share * 100, 0)} %`,
      String(t.untold),
    ]),
  );
}
