import type { Store } from '../../connectors/store/types.ts';
import type { Config } from '../../domain/config.ts';
import { kpiKey } from '../../domain/objective.ts';

/** Steps of the telemetry in which every series must have come once. */
const STEPS = 20;
const NAMED = 10;

/**
 * Which series have no sample in the last steps, in words; undefined = none is missing. Telemetry holds only series that were seen, so what
 * berth decides by, the load and the KPIs of each app's objective, is looked for by name.
 */
export async function staleSeries(store: Store, config: Config, nowMs: number): Promise<string | undefined> {
  const stepMs = Math.round(config.telemetry.step * 1000);
  const window = await store.telemetry.windows({
    apps: Object.keys(config.apps),
    sites: Object.keys(config.sites),
    fromMs: nowMs - STEPS * stepMs,
    toMs: nowMs,
    stepMs,
  });
  if ('kind' in window) return window.why;
  const { ticks } = window.grid;
  const { sites, series, values } = window.sites;
  const blocks = new Map(window.apps.map((block) => [block.app, block]));
  const stale = [
    ...sites.flatMap((site, i) => silent({ series, values: values.subarray(i * series.length * ticks) }, ticks).map((s) => `${site} ${s}`)),
    ...Object.keys(config.apps).flatMap((app) => {
      const block = blocks.get(app);
      if (!block) return [app];
      const seen = { series: block.series, values: block.values };
      return [...new Set([...neededOf(config, app).filter((s) => !block.series.includes(s)), ...silent(seen, ticks)])].map(
        (s) => `${app} ${s}`,
      );
    }),
  ];
  if (stale.length === 0) return undefined;
  const more = stale.length > NAMED ? ` and ${stale.length - NAMED} more` : '';
  return `none in the last ${(STEPS * stepMs) / 1000} s of ${stale.slice(0, NAMED).join(', ')}${more}`;
}

/** What a decision about the app cannot do without. */
function neededOf({ apps, objectives }: Config, app: string): string[] {
  return ['load', ...(objectives[apps[app]?.objective ?? '']?.kpis ?? []).map(kpiKey)];
}

/** Series of `[series][ticks]` without a single sample. */
function silent({ series, values }: { series: readonly string[]; values: Float32Array }, ticks: number): string[] {
  return series.filter((_, s) => !values.subarray(s * ticks, (s + 1) * ticks).some(Number.isFinite));
}
