import { writeFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { openAsk } from '../../connectors/prometheus/ask.ts';
import { collect, type Collected } from '../../connectors/prometheus/collect.ts';
import { isUnknown } from '../../connectors/prometheus/unknown.ts';
import { readSecret } from '../../connectors/http/secret.ts';
import { promqlProblem } from '../../domain/promql.ts';
import { readConfig } from './apply.ts';
import { Told } from './told.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);
const HOUR_MS = 3_600_000;

interface Options {
  readonly config?: string;
  readonly url?: string;
  readonly from?: string;
  readonly to?: string;
  readonly step: string;
  readonly query?: readonly string[];
  readonly constant?: boolean;
  readonly out: string;
}

/** What a Prometheus has to offer: series. */
export function seriesCommands(program: Command): void {
  program
    .command('series <selectors...>')
    .description('a table of every series that changes, for fit and evaluate; and the query of each column')
    .option('--url <url>', 'address of the Prometheus')
    .option('--config <file>', 'or the berth.yaml whose connectors.prometheus says it, with its token')
    .option('--from <time>', 'from this instant on (ISO 8601); default: an hour before the end')
    .option('--to <time>', 'up to this instant; default: now')
    .option('--step <seconds>', 'between two rows', '15')
    .option('--query <column=promql...>', 'a column of your own, such as the KPI; it is kept in any case')
    .option('--constant', 'keep series that never change, too')
    .requiredOption('--out <file.csv>', 'a new file for the table; its queries go beside it')
    .action(async (selectors: string[], options: Options) => {
      const plan = planOf(selectors, options);
      const ask = openAsk(await serverOf(options));
      try {
        const found = await collect(ask, { ...plan, progress: (line) => void process.stderr.write(`${line}\n`) });
        if (isUnknown(found)) throw new Told(`${found.reason}: ${found.why}`);
        await write(found, options.out);
      } finally {
        ask.close();
      }
    });
}

async function serverOf({ url, config }: Options): Promise<Parameters<typeof openAsk>[0]> {
  if ((url === undefined) === (config === undefined)) throw new Told('say where it is: either --url or --config', 2);
  if (url !== undefined) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new Told(`--url ${url} is not an address such as http://127.0.0.1:9090`, 2);
    return { url, timeoutMs: 30_000 };
  }
  const { prometheus } = (await readConfig(config ?? '')).connectors;
  if (!prometheus) throw new Told(`${config ?? ''} has no connectors.prometheus`, 2);
  const token = prometheus.token && (await readSecret(prometheus.token, process.env));
  return { url: prometheus.url, timeoutMs: prometheus.timeout * 1000, ...(token !== undefined && { token }) };
}

function planOf(selectors: readonly string[], options: Options) {
  const problems: string[] = [];
  const stepMs = Number(options.step) * 1000;
  if (!(stepMs >= 1)) problems.push(`--step ${options.step} is no number of seconds above 0`);
  const endMs = instant(options.to, '--to', problems) ?? Date.now();
  const startMs = instant(options.from, '--from', problems) ?? endMs - HOUR_MS;
  if (startMs >= endMs) problems.push('--from is not before --to');
  for (const selector of selectors) {
    const wrong = promqlProblem(selector);
    if (wrong !== undefined) problems.push(`${selector}: ${wrong}`);
  }
  const queries = (options.query ?? []).flatMap((text) => {
    const cut = text.indexOf('=');
    const [column, query] = [text.slice(0, cut), text.slice(cut + 1)];
    const wrong =
      cut < 1 ? 'it is not column=promql' : /[\s,"]/.test(column) ? 'a column has no space, comma or quote' : promqlProblem(query);
    if (wrong !== undefined) problems.push(`--query ${text}: ${wrong}`);
    return [{ column, query }];
  });
  if (!options.out.endsWith('.csv')) problems.push(`--out ${options.out} does not end in .csv`);
  if (problems.length > 0) throw new Told(problems.join('\n'), 2);
  const onGrid = Math.ceil(startMs / stepMs) * stepMs;
  return { selectors, queries, startMs: onGrid, endMs, stepMs, keepConstant: options.constant === true };
}

function instant(text: string | undefined, option: string, problems: string[]): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) problems.push(`${option} ${text} is not an instant such as 2026-11-25T18:00:00Z`);
  return ms;
}

async function write(found: Collected, out: string): Promise<void> {
  const head = ['timestamp', ...found.columns.map((c) => c.column)].join(',');
  const rows = Array.from(found.timesMs, (t, i) => {
    const cells = found.columns.map(({ values }) => (Number.isNaN(values[i] ?? NaN) ? '' : String(values[i])));
    return [t / 1000, ...cells].join(',');
  });
  const queries = out.replace(/\.csv$/, '.queries.json');
  const said = { queries: Object.fromEntries(found.columns.map((c) => [c.column, c.query])), constant: found.constant, empty: found.empty };
  // Neither may replace what somebody has.
  await writeFile(out, `${[head, ...rows].join('\n')}\n`, { flag: 'wx' }).catch(inTheWay);
  await writeFile(queries, `${JSON.stringify(said, null, 2)}\n`, { flag: 'wx' }).catch(inTheWay);
  print(
    `${found.matched} series match: ${found.constant.length} never change and ${found.empty.length} have no sample in that time, and are left out`,
  );
  print(`${out}: ${found.columns.length} columns, ${found.timesMs.length} rows`);
  print(`${queries}: the query of each column, to name in berth.yaml what turns out to matter`);
}

function inTheWay(error: unknown): never {
  throw new Told(error instanceof Error ? error.message : 'the file cannot be written');
}
