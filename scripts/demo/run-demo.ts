import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { Config } from '../../domain/config.ts';
import { kpiAtScore } from '../../domain/objective.ts';
import { applyConfig } from '../commands/apply.ts';
import { bringUp, type Up } from '../up/bring-up.ts';
import { replayAll } from './replay.ts';
import { renderReport } from './report-html.ts';
import type { DemoResult } from './result.ts';
import { APP, follow, interruption, objectiveOf, settle, startTraining, uiOf, watch } from './steps.ts';
import { storyOf } from './story.ts';
import { commit, figuresOf, machine, modelFigures, movesOf, POLICIES, requestsOf, workflowCounts } from './summary.ts';

export interface DemoOptions {
  readonly dir: string;
  readonly config: Config;
  readonly say: (line: string) => void;
  readonly keep: boolean;
  readonly comparedS: number;
  readonly terminal: boolean;
  readonly report: string;
  readonly temporal?: { readonly address: string; readonly namespace: string };
  readonly database?: string;
  readonly onResult: (result: DemoResult) => Promise<void>;
}

/** The objective's own bound: the latency at which the score falls below what is good enough. */
function boundOf({ config }: DemoOptions): number {
  const objective = objectiveOf(config);
  const kpi = objective.kpis[0];
  if (!kpi) throw new Error('the objective of the demo has no KPI');
  return Math.round(kpiAtScore(kpi, objective.slo));
}

/** The main job on this machine: bring up, profile, learn, compare three policies, replay, report. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { say } = options;
  const beganMs = Date.now();
  const interrupted = interruption();
  say('berth demo. It uses servers of its own, whatever your shell points at, and stops them at the end.');
  const up = await bringUp({ ...options, dieWithParent: true });
  try {
    const result = await Promise.race([story(options, up, beganMs), interrupted.promise]);
    if (options.keep) {
      say(`\nThe platform stays up: ${uiOf(up)}. Ctrl-C stops it.`);
      await interrupted.promise.catch(() => undefined);
    }
    return result;
  } finally {
    interrupted.forget();
    say('stopping ...');
    await up.stop();
  }
}

async function story(options: DemoOptions, up: Up, beganMs: number): Promise<DemoResult> {
  const { say, config } = options;
  for (const line of await applyConfig(config, { ...up, by: 'demo' })) say(line);
  await up.stepBack();
  const setupSeconds = (Date.now() - beganMs) / 1000;
  const { mode } = await up.platform.status();
  if (!mode) throw new Error('the local cluster has no sites yet');
  say(
    `sites: ${mode.kind === 'cores' ? 'CPU cores of this machine' : 'SIMULATED: the same processes and sockets, with a slowed service clock'} (${mode.reason})`,
  );
  say(`Watch it in the web UI: ${uiOf(up)}\n`);

  const fromMs = Date.now();
  say(`1. Profile and learn: ${APP} visits every site in turn under its load, then a model is trained on what was seen.`);
  const trained = await follow(await startTraining(up), async () => (await up.platform.status()).apps[APP]?.site, say);
  say(`   ${trained.said}`);
  say(`   served by the ${trained.servedBy}; ${trained.promoted ? 'champion' : 'kept as challenger'}: ${trained.verdict}\n`);

  say(`2. Compare for ${options.comparedS} s, side by side under the same load: one app held, one reacting, one berth's.`);
  const comparedFromMs = Date.now();
  await watch(up, options, comparedFromMs + options.comparedS * 1000);
  const toMs = Date.now();
  await settle(up);

  say('\n3. Replay every history of this run through the present workflow code.');
  const replay = await replayAll(up.client, fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url)), () => undefined);
  say(`   ${replay.replayed} histories replayed, ${replay.failed.length} failed`);
  for (const { workflowId, why } of replay.failed.slice(0, 5)) say(`   ${workflowId}: ${why}`);

  const boundMs = boundOf(options);
  const result = await summarise(up, { beganMs, setupSeconds, fromMs, comparedFromMs, toMs, boundMs, replayed: replay.replayed });
  await writeFile(options.report, renderReport(result, await storyOf(up, { fromMs, comparedFromMs, toMs, boundMs })));
  await options.onResult(result);
  for (const line of summaryLines(result, options.report)) say(line);
  if (replay.failed.length > 0) throw new Error(`${replay.failed.length} histories could not be replayed`);
  return result;
}

interface Times {
  readonly beganMs: number;
  readonly setupSeconds: number;
  readonly fromMs: number;
  readonly comparedFromMs: number;
  readonly toMs: number;
  readonly boundMs: number;
  readonly replayed: number;
}

async function summarise({ store, client, platform }: Up, t: Times): Promise<DemoResult> {
  const [compared, whole, moves, champion, looks, workflows] = await Promise.all([
    platform.report({ fromMs: t.comparedFromMs, toMs: t.toMs, boundMs: t.boundMs }),
    platform.report({ fromMs: t.fromMs, toMs: Date.now(), boundMs: t.boundMs }),
    movesOf(store),
    store.alias(APP, 'champion'),
    store.looks(0, Date.now()),
    workflowCounts(client),
  ]);
  if (!champion) throw new Error('there is no champion after training');
  const decisions = await store.decisions({ limit: 1_000_000 });
  return {
    seconds: (Date.now() - t.beganMs) / 1000,
    setupSeconds: t.setupSeconds,
    sites: compared.mode.kind,
    sitesReason: compared.mode.reason,
    boundMs: t.boundMs,
    requests: requestsOf(whole),
    moves,
    looks: looks.length,
    decisions: decisions.length,
    predictions: decisions.reduce((n, d) => n + d.candidates.filter((c) => c.qos).length, 0),
    model: modelFigures(champion),
    policies: figuresOf(compared, moves, t.comparedFromMs),
    workflows,
    replayed: t.replayed,
    machine: machine(),
    commit: commit(),
  };
}

function summaryLines(result: DemoResult, report: string): string[] {
  const ms = (value: number | null) => (value === null ? 'unknown' : value.toFixed(1));
  const share = (value: number | null) => (value === null ? 'unknown' : `${(value * 100).toFixed(1)} %`);
  const { requests } = result;
  return [
    '',
    `policy     p50 ms    p95 ms    over ${result.boundMs} ms   moves${result.sites === 'simulated' ? '   (simulated sites)' : ''}`,
    ...POLICIES.map((p) => {
      const f = result.policies[p];
      return `${p.padEnd(10)} ${ms(f.p50Ms).padEnd(9)} ${ms(f.p95Ms).padEnd(9)} ${share(f.shareOverBound).padEnd(12)} ${f.moves}`;
    }),
    '',
    `requests: ${requests.sent} sent, ${requests.failed} lost by a switch, ${requests.timedOut} timed out, ${requests.shed} shed`,
    `model: ${result.model.name}, served by the ${result.model.servedBy}; ${result.model.said}`,
    `${result.looks} looks, ${result.decisions} decisions, ${result.predictions} predictions, ${result.moves.length} moves in ${result.seconds.toFixed(0)} s`,
    `report: ${report}`,
  ];
}
