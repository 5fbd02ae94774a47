import { type Config, configSchema, policySchema } from '../../domain/config.ts';
import type { DecideInput } from '../../domain/decide-input.ts';
import { decide } from '../../domain/decide.ts';
import { berthPolicy } from '../../domain/replay/berth-policy.ts';
import { replayTraces } from '../../domain/replay/replay-traces.ts';
import { runPolicy } from '../../domain/replay/run-policy.ts';
import type { Trace } from '../../domain/replay/trace.ts';
import { gaussian } from './decision-worlds.ts';

/** Milliseconds of one decision over so many sites, on inputs of which every gate has something to judge. */
export function decideTimes(sites: number, quick: boolean): { medianMs: number; p95Ms: number } {
  const inputs = Array.from({ length: 50 }, (_, i) => decideInput(sites, i));
  const batches = quick ? 20 : 200;
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const startMs = performance.now();
    for (const input of inputs) decide(input);
    // The first batches run before the code is compiled.
    if (batch >= batches / 4) times.push((performance.now() - startMs) / inputs.length);
  }
  times.sort((a, b) => a - b);
  return { medianMs: times[times.length >> 1] ?? NaN, p95Ms: times[Math.floor(times.length * 0.95)] ?? NaN };
}

function decideInput(sites: number, seed: number): DecideInput {
  const noise = gaussian(seed + 1);
  const names = Array.from({ length: sites }, (_, i) => `site-${String(i).padStart(2, '0')}`);
  const config: Config = configSchema.parse({
    version: 1,
    sites: Object.fromEntries(names.map((name) => [name, {}])),
    objectives: { fast: { kpis: [{ name: 'p99', unit: 'ms', better: 'lower', best: 10, worst: 110 }], slo: 0.9 } },
    policies: { plain: { mode: 'automatic' } },
    apps: { app: { objective: 'fast', policy: 'plain' } },
  });
  const [spec, policy, objective] = [config.apps['app'], config.policies['plain'], config.objectives['fast']];
  if (!spec || !policy || !objective) throw new Error('the configuration of the bench lacks its app');
  const p50 = names.map(() => Math.min(0.9, Math.max(0.1, 0.6 + 0.15 * noise())));
  const lookMs = 1_700_000_000_000;
  return {
    app: 'app',
    spec,
    policy,
    objective,
    policyVersion: 1,
    sites: names.map((site) => ({ site, spec: config.sites[site] as DecideInput['sites'][number]['spec'] })),
    lookMs,
    nowMs: lookMs + 300,
    previousMs: lookMs - 60_000,
    intervalS: 60,
    recordOnly: false,
    placement: { app: 'app', site: names[0] ?? '' },
    refusals: [{ site: names.at(-1) ?? '', refusal: 'full' }],
    evidence: names.map((site) => ({
      key: 'app',
      version: 1,
      app: 'app',
      site,
      samples: 100,
      newestMs: lookMs,
      error: 0.03,
      coverage: 0.8,
    })),
    past: [],
    prediction: {
      app: 'app',
      modelKey: 'app',
      modelVersion: 1,
      predictor: 'model',
      sites: names,
      q: Float32Array.from(p50.flatMap((q) => [q - 0.05, q, q + 0.05])),
      rule: Float32Array.from(p50),
      ageS: new Float32Array(sites).fill(1),
      appAgeS: 1,
      complete: new Float32Array(sites).fill(1),
      appComplete: 1,
      placed: names[0] ?? '',
      horizonMs: 30_000,
    },
  };
}

export interface FleetReplay {
  readonly days: number;
  readonly apps: number;
  /** Of all policies, and of berth alone. */
  readonly seconds: number;
  /** Seconds of all cores that the process had of them. */
  readonly cpuS: number;
  readonly berthS: number;
  readonly memoryMb: number;
}

/** Replays a fleet on five sites that grow better and worse in turn, at five minutes. */
export function fleetReplay({ days, apps }: { days: number; apps: number }): FleetReplay {
  const traces = Array.from({ length: apps }, (_, i) => wanderingTrace(i, days * 288));
  const policy = policySchema.parse({});
  const from = performance.now();
  runPolicy(traces, berthPolicy(traces, { name: 'berth', policy }), 0);
  const berthS = (performance.now() - from) / 1000;
  const [allFrom, cpuFrom] = [performance.now(), process.cpuUsage()];
  replayTraces(traces, { start: 0, target: 0.5, moveCostS: 0, policy });
  const { user, system } = process.cpuUsage(cpuFrom);
  const seconds = (performance.now() - allFrom) / 1000;
  return { days, apps, berthS, seconds, cpuS: (user + system) / 1e6, memoryMb: process.resourceUsage().maxRSS / 1024 };
}

function wanderingTrace(seed: number, windows: number): Trace {
  const sites = ['a', 'b', 'c', 'd', 'e'];
  const noise = gaussian(seed + 1);
  const scores = new Float64Array(windows * sites.length);
  for (let i = 0; i < scores.length; i++) {
    const [window, site] = [Math.floor(i / sites.length), i % sites.length];
    scores[i] = Math.min(1, Math.max(0, 0.6 + 0.2 * Math.sin(window / 60 + site + seed) + 0.03 * noise()));
  }
  return { app: `app-${seed}`, sites, fromMs: 0, everyMs: 300_000, windows, scores, samples: new Uint32Array(scores.length).fill(60) };
}
