import { writeFile } from 'node:fs/promises';

import { policySchema } from '../../domain/config.ts';
import { cutWindows, type TraceSamples } from '../../domain/replay/cut-windows.ts';
import { replayTraces, type ReplayedPolicy } from '../../domain/replay/replay-traces.ts';
import type { Trace } from '../../domain/replay/trace.ts';
import { Told } from './connect.ts';
import { drawReplay } from './draw-replay.ts';
import { foreseen, modelProblems } from './foreseen.ts';
import { readPolicy } from './read-policy.ts';
import { readPrices } from './read-prices.ts';
import { readTrace } from './read-trace.ts';
import { table } from './status.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);
const warn = (line: string) => void process.stderr.write(`${line}\n`);

export interface TraceOptions {
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
  readonly model?: string;
  readonly prices?: string;
  readonly json?: string;
  readonly svg?: string;
}

/** Decides a trace again with every policy; says all that is wrong with options and files at once, code 2. */
export async function replayTrace(options: TraceOptions): Promise<void> {
  const { samples, ...given } = await readInputs(options);
  const { start, everyS, moveCostS, slo, policy, prices } = given;
  const traces = cut(samples, everyS);
  const forecasts = options.model === undefined ? undefined : await foreseen(options.model, options.trace, traces);
  const target = slo ?? 0.5;
  const result = replayTraces(traces, {
    start,
    moveCostS,
    target,
    policy,
    ...(slo !== undefined && { slo }),
    ...(prices && { prices }),
    ...(forecasts && { forecasts }),
  });
  print(renderPolicies(result.policies));
  if (options.json !== undefined) await write('--json', options.json, `${JSON.stringify({ policies: result.policies }, null, 1)}\n`);
  if (options.svg !== undefined) await write('--svg', options.svg, drawReplay(traces, { courses: result.courses, start, target }));
}

async function readInputs(options: TraceOptions) {
  const wrong: string[] = [];
  const everyS = secondsOf(options.every);
  const moveCostS = secondsOf(options.moveCost);
  const slo = options.slo === undefined ? undefined : options.slo.trim() === '' ? NaN : Number(options.slo);
  if (!(everyS > 0)) wrong.push(`--every ${options.every} is not a duration such as 30s or 5m`);
  if (!(moveCostS >= 0)) wrong.push(`--move-cost ${options.moveCost} is not a duration such as 30s`);
  if (slo !== undefined && !(slo >= 0 && slo <= 1)) wrong.push(`--slo ${options.slo ?? ''} is not a score between 0 and 1`);
  const { time, site, qos, app } = options;
  const read = await readTrace(options.trace, { time, site, qos, ...(app !== undefined && { app }) });
  if (!read.ok) wrong.push(...read.problems);
  const sites = read.ok ? [...read.samples.sites].sort() : undefined;
  const start = options.start === undefined ? 0 : (sites?.indexOf(options.start) ?? 0);
  if (start < 0) wrong.push(`--start ${options.start ?? ''}: there is no such site; there are ${sites?.join(', ') ?? ''}`);
  const { policy, problems } = await readPolicy(options.policy);
  const { prices, problems: priceProblems } = await readPrices(options.prices, sites);
  wrong.push(...problems, ...priceProblems, ...(await modelProblems(options)));
  if (wrong.length > 0 || !read.ok || !policy) throw new Told(wrong.join('\n'), 2);
  if (read.repeated > 0) warn(`${read.repeated} rows repeat the time and site of another; each counts as a sample`);
  return { samples: read.samples, start, everyS, moveCostS, policy, ...(slo !== undefined && { slo }), ...(prices && { prices }) };
}

function cut(samples: TraceSamples, everyS: number): readonly Trace[] {
  try {
    return cutWindows(samples, everyS * 1000);
  } catch (error) {
    if (error instanceof RangeError) throw new Told(`${error.message}; is every time right, and in the same unit?`, 2);
    throw error;
  }
}

async function write(option: string, file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new Told(`${option} ${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function renderPolicies(policies: readonly ReplayedPolicy[]): string {
  const digits = (value: number | null, places: number) => (value === null ? '-' : value.toFixed(places));
  const priced = policies.some((p) => p.cost !== null);
  return table(
    ['policy', 'mean QoS', 'regret', 'moves', 'flaps', 's below target', 'crossings', 'precision', 'recall', ...(priced ? ['cost'] : [])],
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
      ...(priced ? [digits(p.cost, 4)] : []),
    ]),
  );
}

function secondsOf(text: string): number {
  const parsed = policySchema.shape.quarantine.safeParse(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  return parsed.success ? parsed.data : NaN;
}
