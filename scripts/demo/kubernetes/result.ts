import type { Store } from '../../../connectors/store/types.ts';
import type { Config } from '../../../domain/config.ts';
import { kpiAtScore } from '../../../domain/objective.ts';
import type { DemoMove, DemoResult } from '../result.ts';
import { objectiveOf } from '../steps.ts';

export interface KubernetesPolicy {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** Share of the known seconds that were not good enough. */
  readonly shareOverBound: number | null;
  /** Seconds without a figure, as while an app is on its way. */
  readonly unknownS: number;
}

/** What `npm run demo -- --kubernetes --json FILE` writes. */
export interface KubernetesDemoResult extends Pick<
  DemoResult,
  'seconds' | 'looks' | 'decisions' | 'model' | 'workflows' | 'replayed' | 'machine' | 'commit'
> {
  readonly sites: 'kwok' | 'real';
  readonly qos: 'played from a recording';
  readonly comparedFrom: string;
  readonly policies: Readonly<Record<string, KubernetesPolicy>>;
  readonly moves: readonly DemoMove[];
}

const KPI = 'kpi_latency_ms';

/** Latency of every app by second, as it came from Prometheus into the store. */
export async function latencyOf(
  store: Store,
  config: Config,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<KubernetesDemoResult['policies']> {
  const apps = Object.keys(config.apps);
  const stepMs = config.telemetry.step * 1000;
  const window = await store.telemetry.windows({ apps, sites: Object.keys(config.sites), fromMs, toMs, stepMs });
  if ('kind' in window) throw new Error(`there is no telemetry of the comparison: ${window.why}`);
  const { ticks } = window.grid;
  return Object.fromEntries(
    window.apps.map(({ app, series, values }) => {
      const at = series.indexOf(KPI) * ticks;
      const known = at < 0 ? [] : [...values.subarray(at, at + ticks)].filter(Number.isFinite).sort((a, b) => a - b);
      return [app, figures(known, ticks, boundOf(config))];
    }),
  );
}

function boundOf(config: Config): number {
  const { kpis, slo } = objectiveOf(config);
  const [kpi] = kpis;
  if (!kpi) throw new Error('the objective of the demo has no KPI');
  return kpiAtScore(kpi, slo);
}

function figures(sorted: readonly number[], ticks: number, bound: number): KubernetesPolicy {
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
  return {
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    shareOverBound: sorted.length === 0 ? null : sorted.filter((ms) => ms > bound).length / sorted.length,
    unknownS: ticks - sorted.length,
  };
}

export function latencyLines(result: KubernetesDemoResult): string[] {
  const ms = (value: number | null) => (value === null ? 'unknown' : value.toFixed(1));
  const share = (value: number | null) => (value === null ? 'unknown' : `${(value * 100).toFixed(1)} %`);
  const moved = (app: string) => result.moves.filter((m) => m.app === app && m.at >= result.comparedFrom).length;
  return [
    '',
    `policy     p50 ms    p95 ms    not good enough   unknown   moves   (sites: '${result.sites}', QoS ${result.qos})`,
    ...Object.entries(result.policies).map(
      ([app, f]) =>
        `${app.padEnd(10)} ${ms(f.p50Ms).padEnd(9)} ${ms(f.p95Ms).padEnd(9)} ${share(f.shareOverBound).padEnd(17)} ${`${f.unknownS} s`.padEnd(9)} ${moved(app)}`,
    ),
    '',
    `model: ${result.model.name}, served by the ${result.model.servedBy}; ${result.model.said}`,
    `${result.looks} looks, ${result.decisions} decisions, ${result.moves.length} moves in ${result.seconds.toFixed(0)} s`,
  ];
}
