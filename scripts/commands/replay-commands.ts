import { writeFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { policySchema } from '../../domain/config.ts';
import { cutWindows, type TraceSamples } from '../../domain/replay/cut-windows.ts';
import { replayTraces, type ReplayedPolicy } from '../../domain/replay/replay-traces.ts';
import type { Trace } from '../../domain/replay/trace.ts';
import { Told, type Where } from './connect.ts';
import { readPolicy } from './read-policy.ts';
import { readTrace } from './read-trace.ts';
import { replayStored, type RecordOptions } from './replay-stored.ts';
import { foresee, type WhatIfOptions } from './what-if.ts';
import { table } from './status.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);
const warn = (line: string) => void process.stderr.write(`${line}\n`);

interface TraceOptions {
  readonly trace: string[];
  readonly time: string;
  readonly site: string;
  readonly qos: string;
  readonly app?: string;
  readonly every: string;
  readonly start?: string;
  readonly moveCost: string;
  readonly slo?: string;
  readonly policy?: string;
  readonly json?: string;
}

/** What decides again, or ahead: replay, what-if. */
export function replayCommands(program: Command): void {
  program
    .command('replay')
    .description('decide again: recorded looks (--from, --to), or a trace in which the QoS of every site is known (--trace)')
    .option('--from <time>', 'first look of the records to decide again, ISO 8601')
    .option('--to <time>', 'last look; default: now')
    .option('--trace <files...>', 'offline: CSV, plain or .gz, one row per time and site')
    .option('--time <column>', 'time of the row: epoch in s, ms, us or ns, or ISO 8601', 'timestamp')
    .option('--site <column>', 'site of the row', 'site')
    .option('--qos <column>', 'QoS score between 0 and 1; empty = unknown', 'qos')
    .option('--app <name>', 'records: only this app; trace: the column that names the app, if there are several')
    .option('--every <duration>', 'time between decisions', '5m')
    .option('--start <site>', 'where every policy begins; default: the first by name')
    .option('--move-cost <duration>', 'time without service per move', '0')
    .option('--slo <score>', 'the score that is good enough: berth stays where it is reached; default: none is, and 0.5 counts as target')
    .option('--policy <file>', 'YAML with the keys of one policy of berth.yaml; default: the defaults')
    .option('--json <file>', 'also write the figures there')
    .action((options: Partial<TraceOptions> & RecordOptions) => {
      if ((options.trace === undefined) === (options.from === undefined)) throw new Told('give either --trace or --from', 2);
      return isTrace(options) ? replayTrace(options) : replayStored(options, program.opts<Where>());
    });
  program
    .command('what-if')
    .description('what the newest look would decide if something were different; changes nothing')
    .option('--gone <site>', 'a site goes away')
    .option('--cordoned <site>', 'a site takes nothing new')
    .option('--margin <points>', 'score points that must be gained, for every app')
    .option('--policy <file>', 'YAML with the keys of one policy, for every app')
    .action((options: WhatIfOptions) => foresee(options, program.opts<Where>()));
}

function cut(samples: TraceSamples, everyS: number): readonly Trace[] {
  try {
    return cutWindows(samples, everyS * 1000);
  } catch (error) {
    if (error instanceof RangeError) throw new Told(`${error.message}; is every time right, and in the same unit?`, 2);
    throw error;
  }
}

function isTrace(options: Partial<TraceOptions>): options is TraceOptions {
  return options.trace !== undefined;
}

async function replayTrace(options: TraceOptions): Promise<void> {
  const wrong: string[] = [];
  const everyS = secondsOf(options.every);
  const moveCostS = secondsOf(options.moveCost);
  const slo = options.slo === undefined ? undefined : Number(options.slo);
  if (!(everyS > 0)) wrong.push(`--every ${options.every} is not a duration such as 30s or 5m`);
  if (!(moveCostS >= 0)) wrong.push(`--move-cost ${options.moveCost} is not a duration such as 30s`);
  if (slo !== undefined && !(slo >= 0 && slo <= 1)) wrong.push(`--slo ${options.slo ?? ''} is not a score between 0 and 1`);
  const read = await readTrace(options.trace, {
    time: options.time,
    site: options.site,
    qos: options.qos,
    ...(options.app !== undefined && { app: options.app }),
  });
  if (!read.ok) wrong.push(...read.problems);
  const sites = read.ok ? [...read.samples.sites].sort() : [];
  const start = options.start === undefined ? 0 : sites.indexOf(options.start);
  if (read.ok && start < 0) wrong.push(`--start ${options.start ?? ''}: there is no such site; there are ${sites.join(', ')}`);
  const { policy, problems } = await readPolicy(options.policy);
  wrong.push(...problems);
  if (wrong.length > 0 || !read.ok || !policy) throw new Told(wrong.join('\n'), 2);
  if (read.repeated > 0) warn(`${read.repeated} rows repeat the time and site of another; each counts as a sample`);
  const traces = cut(read.samples, everyS);
  const { policies } = replayTraces(traces, {
    start,
    moveCostS,
    target: slo ?? 0.5,
    policy,
    ...(slo !== undefined && { slo }),
  });
  print(renderPolicies(policies));
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ policies }, null, 1)}\n`);
}

function renderPolicies(policies: readonly ReplayedPolicy[]): string {
  const digits = (value: number | null, places: number) => (value === null ? '-' : value.toFixed(places));
  return table(
    ['policy', 'mean QoS', 'regret', 'moves', 'flaps', 's below target', 'crossings', 'precision', 'recall'],
    policies.map((p) => [
      p.name,
      digits(p.meanQos, 4),
      digits(p.regret, 4),
      String(p.moves),
      String(p.flaps),
      String(p.secondsBelowTarget),
      String(p.crossings),
      digits(p.precision, 2),
      digits(p.recall, 2),
    ]),
  );
}

function secondsOf(text: string): number {
  const parsed = policySchema.shape.quarantine.safeParse(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  return parsed.success ? parsed.data : NaN;
}
