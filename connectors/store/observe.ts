import type { Config } from '../../domain/config.ts';
import { kpiKey, scoreOf } from '../../domain/objective.ts';
import type { Objective } from '../../domain/config.ts';
import type { Names } from './names.ts';
import { eachSample, readSamples } from './samples.ts';
import type { SeriesList, SeriesLists } from './series.ts';
import type { Sql } from './connect.ts';

export interface Observed {
  /** Id of the site that every sample saw the app on. */
  readonly site: number;
  readonly score: number;
}
interface Request {
  readonly apps: readonly number[];
  readonly targetMs: number;
  readonly stepMs: number;
  readonly config: Config;
}

/** What was observed of apps (by id) within one step before and after a time; apps whose site or score is unknown are absent. */
export async function observeAt(
  { sql, names, series }: { sql: Sql; names: Names; series: SeriesLists },
  request: Request,
): Promise<ReadonlyMap<number, Observed>> {
  const { apps, targetMs, stepMs, config } = request;
  const list = await series.reload('app');
  const appName = await names.named('app', apps);
  const observed = new Map<number, Observed>();
  await readSamples(sql, 'app', { entities: apps, afterMs: targetMs - stepMs, toMs: targetMs + stepMs }, ({ entity, packed }) => {
    const objective = config.objectives[config.apps[appName(entity)]?.objective ?? ''];
    const found = objective && observedIn(packed, objective, list);
    if (found) observed.set(entity, found);
  });
  return observed;
}

function observedIn(packed: Buffer, objective: Objective, list: SeriesList): Observed | undefined {
  const sites = new Set<number>();
  const means = objective.kpis.map((kpi) => ({ key: kpiKey(kpi), position: list.positions.get(kpiKey(kpi)) ?? -1, sum: 0, n: 0 }));
  eachSample(packed, (sample) => {
    sites.add(sample.placed);
    for (const mean of means) {
      const value = mean.position < 0 ? NaN : sample.value(mean.position);
      if (Number.isNaN(value)) continue;
      mean.sum += value;
      mean.n++;
    }
  });
  const [site = -1] = sites;
  const score = scoreOf(objective, Object.fromEntries(means.map(({ key, sum, n }) => [key, sum / n])));
  return sites.size === 1 && site >= 0 && Number.isFinite(score) ? { site, score } : undefined;
}
