import type { Objective } from '../../domain/config.ts';
import type { Frame } from '../../domain/frame.ts';
import type { Visit } from '../../learning/profile.ts';
import { randomFrom } from '../../learning/random.ts';

export interface Scenario {
  readonly seed: number;
  readonly visits: number;
  readonly visitS: number;
  /** Share of samples that are missing. */
  readonly missing?: number;
  /** Latency does not depend on the neighbour. */
  readonly deaf?: boolean;
}

export const latencyObjective: Objective = {
  kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 10, worst: 100, scale: 'log', weight: 1 }],
  slo: 0.8,
};

const STEP_S = 0.5;
const FOREIGN = { quiet: 0.03, warm: 0.29, hot: 0.77 };
const LATENCY = { quiet: 11, warm: 15, hot: 60 };
type Phase = keyof typeof FOREIGN;

/**
 * A noisy neighbour as it was measured: 3 s warm, 7 s hot, 1 s gap on one site, then on the other; latency 11, 15 and 60 ms. The app is
 * profiled on the two sites in turn, and its own CPU shows in the telemetry of the site it is on, in its CPU and, less, in its probe.
 * `truth[site][tick]` is the latency the app has, or would have, there, without noise.
 */
export function neighbourProfile({ seed, visits, visitS, missing = 0, deaf = false }: Scenario): {
  frame: Frame;
  visits: Visit[];
  truth: number[][];
} {
  const random = randomFrom(seed);
  const ticks = Math.round((visits * visitS) / STEP_S);
  const phases = neighbour(ticks, random);
  const sites = ['site-0', 'site-1'];
  const site = new Float32Array(2 * 2 * ticks).fill(NaN);
  const app = new Float32Array(3 * ticks).fill(NaN);
  const placed = new Int16Array(ticks);
  const note = (values: Float32Array, at: number, value: number): void => {
    values[at] = random() < missing ? NaN : value;
  };
  for (let t = 0; t < ticks; t++) {
    const here = Math.floor((t * STEP_S) / visitS) % 2;
    placed[t] = here;
    const load = 20 + 2 * normal(random);
    const own = load * 0.006 * (1 + 0.05 * normal(random));
    const phase = phases[here]![t]!;
    note(app, t, load);
    note(app, ticks + t, own);
    note(app, 2 * ticks + t, (deaf ? 20 : LATENCY[phase]) * Math.exp(0.2 * normal(random)));
    for (const s of [0, 1]) {
      const foreign = Math.max(0, FOREIGN[phases[s]![t]!] + 0.03 * normal(random));
      note(site, 2 * s * ticks + t, foreign + (s === here ? own : 0));
      note(site, (2 * s + 1) * ticks + t, 1 + 3 * foreign + (s === here ? own : 0) + 0.1 * Math.abs(normal(random)));
    }
  }
  const startMs = 1_700_000_000_000;
  const endMs = startMs + ticks * STEP_S * 1000;
  const frame: Frame = {
    grid: { startMs, stepMs: STEP_S * 1000, ticks },
    sites: { sites, series: ['cpu_cores', 'probe_ratio'], values: site, newestMs: Float64Array.from([endMs, endMs]) },
    app: { app: 'berth', series: ['load', 'app_cpu_cores', 'kpi_latency_ms'], values: app, placed, newestMs: endMs },
  };
  const stretch = (v: number): Visit => ({
    site: sites[v % 2]!,
    fromMs: startMs + v * visitS * 1000 + 1000,
    toMs: startMs + (v + 1) * visitS * 1000,
    outcome: 'observed',
  });
  const truth = phases.map((p) => p.map((phase) => (deaf ? 20 : LATENCY[phase])));
  return { frame, truth, visits: Array.from({ length: visits }, (_, v) => stretch(v)) };
}

function neighbour(ticks: number, random: () => number): [Phase[], Phase[]] {
  const phases: [Phase[], Phase[]] = [new Array<Phase>(ticks).fill('quiet'), new Array<Phase>(ticks).fill('quiet')];
  let from = 0;
  for (let on = 0; from < ticks; on = 1 - on) {
    const warm = Math.round((3 + random() - 0.5) / STEP_S);
    const hot = Math.round((7 + 2 * random() - 1) / STEP_S);
    phases[on]!.fill('warm', from, from + warm);
    phases[on]!.fill('hot', from + warm, from + warm + hot);
    phases[on]!.length = ticks;
    from += warm + hot + Math.round(1 / STEP_S);
  }
  return phases;
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
