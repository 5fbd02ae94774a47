import { fromScale, toScale } from './learner.ts';
import type { Learner, PointModel, TrainingSet } from './learner.ts';

const PREFIX = 'site_is_';

/** The profile's mean of the site; the overall mean where the fold has no row of it. A site that is not in the plan is unknown. */
export const siteMean: Learner = { name: 'site mean', kind: 'baseline', fit: (set) => siteTable(set, mean, true) };
export const siteMedian: Learner = { name: 'site median', kind: 'baseline', fit: (set) => siteTable(set, median, true) };
/** One figure for every site of the plan. */
export const overallMedian: Learner = { name: 'overall median', kind: 'baseline', fit: (set) => siteTable(set, median, false) };

function siteTable(set: TrainingSet, summary: (values: number[]) => number, bySite: boolean): PointModel {
  const columns = set.names.flatMap((name, f) => (name.startsWith(PREFIX) ? [f] : []));
  // Summed up in the target's own unit: the plain mean is what anyone would guess, not the mean of logarithms.
  const all = Array.from(set.y, (y) => fromScale(set.scale, y));
  const table = Float32Array.from(columns, (f) => {
    const own = bySite ? all.filter((_, i) => set.rows[i * set.names.length + f] === 1) : all;
    return toScale(set.scale, summary(own.length > 0 ? own : all));
  });
  const width = set.names.length;
  return {
    about: { sites: columns.length },
    predict: (rows, n) =>
      Float32Array.from({ length: n }, (_, i) => {
        const at = columns.findIndex((f) => rows[i * width + f] === 1);
        return at < 0 ? NaN : table[at]!;
      }),
    toGraph(graph, input) {
      const weights = new Float32Array(width);
      const isKnown = new Float32Array(width);
      columns.forEach((f, i) => {
        weights[f] = table[i]!;
        isKnown[f] = 1;
      });
      // A table may hold features that are missing; they must not turn the sum into NaN.
      const clean = graph.node('Where', [graph.node('IsNaN', [input]), graph.constant([0], [1]), input]);
      const value = graph.node('MatMul', [clean, graph.constant(weights, [width, 1])]);
      const known = graph.node('MatMul', [clean, graph.constant(isKnown, [width, 1])]);
      const unknown = graph.node('Less', [known, graph.constant([0.5], [1])]);
      return graph.node('Where', [unknown, graph.constant([NaN], [1]), value]);
    },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.floor(half - 0.5)]! + sorted[Math.floor(half)]!) / 2;
}
