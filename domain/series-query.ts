export type SeriesLabels = Readonly<Record<string, string>>;

/** What only ever grows says nothing by its height: its rate does. */
const GROWS = /_(total|bucket|sum|count)$/;

/** The query that gives one series: itself, or its rate over `rateS` seconds where its name says that it only grows. */
export function seriesQuery(labels: SeriesLabels, rateS: number): string {
  const { __name__: name = '', ...rest } = labels;
  const matchers = Object.entries(rest)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const selector = `${name}${matchers.length > 0 ? `{${matchers.join(',')}}` : ''}`;
  return GROWS.test(name) ? `rate(${selector}[${rateS}s])` : selector;
}

/**
 * A short name for each series, each once: the name of the metric, and of its labels those in which the series of that metric differ, as
 * `name.label=value`. What would end a cell of a file becomes `_`.
 */
export function seriesColumns(all: readonly SeriesLabels[]): readonly string[] {
  const byName = new Map<string, SeriesLabels[]>();
  for (const labels of all) byName.set(labels['__name__'] ?? '', [...(byName.get(labels['__name__'] ?? '') ?? []), labels]);
  const differing = new Map([...byName].map(([name, group]) => [name, differingLabels(group)]));
  const used = new Map<string, number>();
  return all.map((labels) => {
    const name = labels['__name__'] ?? '';
    const parts = (differing.get(name) ?? []).map((label) => `${label}=${labels[label] ?? ''}`);
    const column = [name, ...parts].join('.').replaceAll(/[\s,;"']/g, '_');
    const before = used.get(column) ?? 0;
    used.set(column, before + 1);
    return before === 0 ? column : `${column}.${before + 1}`;
  });
}

function differingLabels(group: readonly SeriesLabels[]): readonly string[] {
  const labels = [...new Set(group.flatMap((g) => Object.keys(g)))].filter((l) => l !== '__name__').sort();
  return labels.filter((label) => new Set(group.map((g) => g[label])).size > 1);
}

/** Nothing to learn from: fewer than two samples, or the same value in all of them. */
export function isConstant(values: Float64Array): boolean {
  let first = NaN;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (Number.isNaN(first)) first = value;
    else if (value !== first) return false;
  }
  return true;
}
