import { kpiKey, scoreOf } from '../domain/objective.ts';
import type { Store } from '../connectors/store/types.ts';

/**
 * The observed score of an app on one site over (fromMs, toMs]: the objective of the median of each KPI over the ticks in which the app was seen there.
 * undefined when a KPI has no sample in them, or the time is shorter than one step of the telemetry: what was not seen is not good.
 */
export async function observedScore(
  store: Store,
  at: { app: string; site: string; fromMs: number; toMs: number },
): Promise<number | undefined> {
  const applied = await store.config();
  const spec = applied?.config.apps[at.app];
  const objective = spec && applied.config.objectives[spec.objective];
  if (!applied || !objective) return undefined;
  const stepMs = Math.round(applied.config.telemetry.step * 1000);
  if (at.toMs - at.fromMs < stepMs) return undefined;
  const frame = await store.telemetry.window({ app: at.app, sites: [at.site], fromMs: at.fromMs, toMs: at.toMs, stepMs });
  if ('kind' in frame) return undefined;
  const { ticks } = frame.grid;
  const kpis: Record<string, number> = {};
  for (const kpi of objective.kpis) {
    const s = frame.app.series.indexOf(kpiKey(kpi));
    const seen =
      s < 0
        ? []
        : [...frame.app.values.subarray(s * ticks, (s + 1) * ticks)].filter(
            (v, tick) => Number.isFinite(v) && frame.app.placed[tick] === 0,
          );
    kpis[kpiKey(kpi)] = median(seen);
  }
  const score = scoreOf(objective, kpis);
  return Number.isFinite(score) ? score : undefined;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = values[middle] ?? NaN;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] ?? NaN) + upper) / 2;
}
