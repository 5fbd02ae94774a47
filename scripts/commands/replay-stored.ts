import { writeFile } from 'node:fs/promises';

import { replayPeriod } from '../../activities/replay-period.ts';
import type { ChangedDecision, VerdictCounts } from '../../domain/replay/compare.ts';
import { CHOICES, type Expected } from '../../domain/replay/expected.ts';
import { Told, withStore, type Where } from './connect.ts';
import { readPolicy } from './read-policy.ts';
import { table } from './status.ts';

export interface RecordOptions {
  readonly from?: string;
  readonly to?: string;
  readonly app?: string;
  readonly policy?: string;
  readonly json?: string;
}

const print = (line: string) => void process.stdout.write(`${line}\n`);
/** Changes that are printed; the rest is counted, and in the JSON. */
const SHOWN = 20;

/** Decides a period of the records again and says what comes out differently. */
export async function replayStored(options: RecordOptions, where: Where): Promise<void> {
  const fromMs = Date.parse(options.from ?? '');
  const toMs = options.to === undefined ? Date.now() : Date.parse(options.to);
  const { policy, problems } = await readPolicy(options.policy);
  const wrong = [
    ...problems,
    ...(Number.isNaN(fromMs) ? [`--from ${options.from ?? ''} is not an instant such as 2026-11-25T18:00:00Z`] : []),
    ...(Number.isNaN(toMs) ? [`--to ${options.to ?? ''} is not an instant such as 2026-11-25T18:00:00Z`] : []),
    ...(fromMs > toMs ? ['--from is after --to'] : []),
  ];
  if (wrong.length > 0) throw new Told(wrong.join('\n'), 2);
  await withStore(where, async (store) => {
    const apps = Object.keys((await store.config())?.config.apps ?? {});
    if (options.app !== undefined && !apps.includes(options.app))
      throw new Told(`no app is called ${options.app}; there are ${apps.join(', ') || 'none'}`, 2);
    const result = await replayPeriod(store, {
      fromMs,
      toMs,
      ...(options.app !== undefined && { app: options.app }),
      ...(options.policy !== undefined && policy && { policy }),
    });
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, null, 1)}\n`);
    print(`${result.looks} looks, ${result.decisions} decisions: ${result.identical} identical, ${result.different} come out differently`);
    if (result.withoutPredictions > 0) print(`${result.withoutPredictions} looks are left out: their predictions are past their retention`);
    print(table(['', ...VERDICTS], [row('recorded', result.recorded), row('replayed', result.replayed)]));
    print(
      `\nWhat was predicted of the site that each leaves the app on, over ${result.expected.decisions} decisions:\n${renderExpected(result.expected)}`,
    );
    if (result.different > 0) print(`\n${table(['look', 'app', 'recorded', 'replayed'], result.changes.slice(0, SHOWN).map(changeRow))}`);
    if (result.different > SHOWN) print(`... and ${result.different - SHOWN} more`);
  });
}

const VERDICTS = ['stay', 'hold', 'recommend', 'move'] as const;
const row = (name: string, counts: VerdictCounts) => [name, ...VERDICTS.map((v) => String(counts[v]))];

function renderExpected({ of }: Expected): string {
  const digits = (value: number | null) => (value === null ? '-' : value.toFixed(4));
  return table(
    ['', 'mean QoS', 'below SLO', 'moves', 'cost per hour'],
    CHOICES.map((choice) => {
      const { meanQos, belowSlo, moves, costPerHour } = of[choice];
      return [choice, digits(meanQos), String(belowSlo), String(moves), digits(costPerHour)];
    }),
  );
}

function changeRow({ lookMs, app, recorded, replayed }: ChangedDecision): string[] {
  return [new Date(lookMs).toISOString(), app, outcomeText(recorded), outcomeText(replayed)];
}

export function outcomeText({ verdict, reason, to }: ChangedDecision['recorded']): string {
  const goes = (verdict === 'move' || verdict === 'recommend') && to !== undefined ? ` to ${to}` : '';
  return `${verdict}${goes}${reason === 'ok' ? '' : ` (${reason})`}`;
}
