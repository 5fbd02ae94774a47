import type { PrometheusConfig } from './prometheus-config.ts';
import { promqlProblem } from './promql.ts';
import type { Path } from './yaml-place.ts';

/** What is wrong with the queries and with the names their labels stand for; paths from the block of Prometheus on. */
export function queryProblems(
  prometheus: PrometheusConfig,
  names: Readonly<Record<'sites' | 'apps', readonly string[]>>,
): readonly { path: Path; message: string }[] {
  return [
    ...wrongQueries('sites', prometheus.sites),
    ...wrongQueries('apps', prometheus.apps),
    ...wrongNames('siteNames', prometheus.siteNames, { of: 'sites', known: names.sites }),
    ...wrongNames('appNames', prometheus.appNames, { of: 'apps', known: names.apps }),
  ];
}

function wrongQueries(block: string, queries: Readonly<Record<string, string>>): { path: Path; message: string }[] {
  return Object.entries(queries).flatMap(([series, query]) => {
    const message = promqlProblem(query);
    return message === undefined ? [] : [{ path: [block, series], message }];
  });
}

function wrongNames(
  block: string,
  labels: Readonly<Record<string, string>>,
  { of, known }: { of: string; known: readonly string[] },
): { path: Path; message: string }[] {
  return Object.entries(labels).flatMap(([label, name]) =>
    known.includes(name) ? [] : [{ path: [block, label], message: `there is no ${name} in ${of}` }],
  );
}
