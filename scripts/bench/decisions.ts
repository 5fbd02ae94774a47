import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { policySchema } from '../../domain/config.ts';
import { cutWindows } from '../../domain/replay/cut-windows.ts';
import { type ReplayedPolicy, replayTraces } from '../../domain/replay/replay-traces.ts';
import { readTrace } from '../commands/read-trace.ts';
import { commit, machine } from '../demo/summary.ts';
import { checkoutFolder } from '../platform/checkout.ts';
import { between } from './loop.ts';
import { decideTimes, fleetReplay } from './decision-speed.ts';
import { looksUntilMoved, movesInNoise, movesOnSquareWave } from './decision-worlds.ts';

export const DECISIONS_USAGE = `npm run bench -- decisions [options]
  what berth decides with default policies on a recorded trace and in made-up worlds, and how fast; under 3 minutes
  --quick   a smoke run: fewer worlds, a small fleet; its figures mean nothing
  --write   also update docs/benchmarks.md`;

export interface DecisionsOptions {
  readonly quick: boolean;
  readonly write: boolean;
}

/** Throws for options that there are not. */
export function readDecisionsOptions(args: readonly string[]): DecisionsOptions {
  const { values } = parseArgs({ args: [...args], options: { quick: { type: 'boolean' }, write: { type: 'boolean' } } });
  return { quick: values.quick === true, write: values.write === true };
}

/** Measures and prints; returns the exit code: 1 when a goal is missed. */
export async function runDecisions({ quick, write }: DecisionsOptions, say: (line: string) => void): Promise<number> {
  const sections = [
    await traceSection(say),
    ...worldSection(quick),
    ...speedSection(quick),
    `_${new Date().toISOString().slice(0, 10)}, ${commit()}, ${machine()}_`,
  ];
  const text = sections.join('\n\n');
  process.stdout.write(`${text}\n`);
  if (write && !quick) {
    const file = join(checkoutFolder(), 'docs', 'benchmarks.md');
    await writeFile(file, between(await readFile(file, 'utf8'), text, 'decisions'));
  }
  return text.includes('**not met**') ? 1 : 0;
}

const goal = (what: string, measured: string, met: boolean): string => `- ${what}: ${measured}: ${met ? 'met' : '**not met**'}`;

/** The public trace of two edge nodes, where it lies beside the checkout. */
async function traceSection(say: (line: string) => void): Promise<string> {
  const file = join(checkoutFolder(), '..', 'shared', 'data', 'cloudskin-cloudedge', 'qos_5s.csv.gz');
  if (!existsSync(file)) {
    say('skipped 1 trace: ../shared/data/cloudskin-cloudedge is not there');
    return 'Trace cloudskin-cloudedge: skipped, because it was not there.';
  }
  const read = await readTrace([file], { time: 'timestamp', site: 'node', qos: 'qos' });
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const parts: string[] = [];
  for (const start of [0, 1]) {
    const traces = cutWindows(read.samples, 300_000);
    const { policies } = replayTraces(traces, { start, target: 0.5, moveCostS: 0, policy: policySchema.parse({}) });
    parts.push(
      `cloudskin-cloudedge, ${traces[0]?.windows ?? 0} windows of 5 min, start ${traces[0]?.sites[start] ?? ''}:`,
      figures(policies),
    );
    parts.push(traceGoals(policies));
  }
  return parts.join('\n\n');
}

function traceGoals(policies: readonly ReplayedPolicy[]): string {
  const of = (name: string) => policies.find((p) => p.name === name);
  const [berth, best] = [of('berth'), of('always-best-last-window')];
  const constant = Math.max(...policies.filter((p) => p.name.startsWith('never-move:')).map((p) => p.meanQos ?? NaN));
  const [mean, reactive] = [berth?.meanQos ?? NaN, best?.meanQos ?? NaN];
  return [
    goal('mean QoS at least that of the best constant choice', `${mean.toFixed(4)} against ${constant.toFixed(4)}`, mean >= constant),
    goal('within 0.002 of always-best-last-window', `${(mean - reactive).toFixed(4)}`, mean >= reactive - 0.002),
    goal(
      'at most a tenth of its moves',
      `${berth?.moves ?? NaN} of ${best?.moves ?? NaN}`,
      (berth?.moves ?? NaN) <= (best?.moves ?? NaN) / 10,
    ),
  ].join('\n');
}

function figures(policies: readonly ReplayedPolicy[]): string {
  const head = ['policy', 'mean QoS', 'regret', 'moves', 'flaps', 's below 0.5', 'precision', 'recall'];
  const n = (value: number | null, digits: number) => (value === null ? '-' : value.toFixed(digits));
  const rows = policies.map((p) => [
    p.name,
    n(p.meanQos, 4),
    n(p.regret, 4),
    String(p.moves),
    String(p.flaps),
    String(p.secondsBelowTarget),
    n(p.precision, 2),
    n(p.recall, 2),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.join('\n');
}

function worldSection(quick: boolean): string[] {
  const noise = movesInNoise(quick ? 1 : 10);
  const wave = movesOnSquareWave();
  const steps = looksUntilMoved(quick ? 2 : 20);
  return [
    [
      goal(
        'two equal sites with noise (sd 0.005, 0.02, 0.05, 0.1), 1,000 looks each: no move',
        `${noise.moves} moves in ${noise.runs} runs`,
        noise.moves === 0,
      ),
      goal(
        'a square wave of 0.2 across the threshold, half periods of 1 to 12 looks: at most one move per cool-down',
        `${wave.early} moves before a cool-down was over, of ${wave.moves}`,
        wave.early === 0,
      ),
      ...steps.map(({ step, sd, within, runs, median }) =>
        goal(
          `a lasting step of ${step} with noise of sd ${sd}: moved within 3 looks`,
          `${within} of ${runs} runs, median ${median} looks`,
          within === runs,
        ),
      ),
    ].join('\n'),
  ];
}

function speedSection(quick: boolean): string[] {
  const five = decideTimes(5, quick);
  const fifty = decideTimes(50, quick);
  const fleet = fleetReplay(quick ? { days: 1, apps: 5 } : { days: 30, apps: 100 });
  return [
    [
      goal(
        '`decide()` for 5 sites under 0.03 ms',
        `median ${five.medianMs.toFixed(4)} ms, p95 ${five.p95Ms.toFixed(4)} ms`,
        five.medianMs < 0.03,
      ),
      goal(
        '`decide()` for 50 sites under 0.2 ms',
        `median ${fifty.medianMs.toFixed(4)} ms, p95 ${fifty.p95Ms.toFixed(4)} ms`,
        fifty.medianMs < 0.2,
      ),
      goal(
        `replay of ${fleet.days} days x ${fleet.apps} apps x 5 sites at 5 min under 60 s, all policies`,
        `${fleet.seconds.toFixed(1)} s, ${fleet.cpuS.toFixed(1)} s of CPU; berth alone ${fleet.berthS.toFixed(1)} s; ${fleet.memoryMb.toFixed(0)} MB resident at most`,
        fleet.seconds < 60,
      ),
    ].join('\n'),
  ];
}
