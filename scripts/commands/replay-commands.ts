import type { Command } from 'commander';

import { Told, type Where } from './connect.ts';
import { replayStored, type RecordOptions } from './replay-stored.ts';
import { replayTrace, type TraceOptions } from './replay-trace.ts';
import { foresee, type WhatIfOptions } from './what-if.ts';

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
    .option('--model <folder>', 'trace: what `berth fit` wrote for a forecast of the QoS, to predict with; default: the level of each site')
    .option('--prices <file>', 'trace: YAML with the price of every site, for what each policy costs')
    .option('--json <file>', 'also write the figures there')
    .option('--svg <file>', 'trace: also draw QoS over time with the moves')
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

function isTrace(options: Partial<TraceOptions>): options is TraceOptions {
  return options.trace !== undefined;
}
