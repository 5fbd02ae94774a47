import { boosting } from './boosting.ts';
import type { BoostingOptions } from './boosting.ts';
import type { FitOptions, Learner, PointModel, QuantileModel, TrainingSet } from './learner.ts';

const ALPHAS = [0.1, 0.5, 0.9] as const;

/** Boosting of p10, p50 and p90, each by its own pinball loss; its point prediction is the p50. */
export function boostingQuantiles(options: Omit<Partial<BoostingOptions>, 'loss'> = {}): Learner {
  const [low, middle, high] = ALPHAS.map((alpha) => boosting({ ...options, loss: { kind: 'pinball', alpha } })) as [
    Learner,
    Learner,
    Learner,
  ];
  return {
    name: 'boosting (quantiles)',
    kind: 'model',
    fit: (set, fit) => middle.fit(set, fit),
    fitQuantiles: (set: TrainingSet, fit: FitOptions) => quantilesOf([middle, low, high].map((l) => l.fit(set, fit))),
  };
}

/** `models`: p50, p10 and p90, in the order in which a time budget should be spent on them. */
function quantilesOf(models: readonly PointModel[]): QuantileModel {
  const [middle, low, high] = models as [PointModel, PointModel, PointModel];
  const ordered = [low, middle, high];
  return {
    about: Object.fromEntries(ALPHAS.map((alpha, q) => [`rounds p${100 * alpha}`, ordered[q]!.about['rounds'] ?? 0])),
    predict(rows, n) {
      const out = new Float32Array(n * 3);
      ordered.forEach((model, q) => model.predict(rows, n).forEach((v, i) => (out[i * 3 + q] = v)));
      return out;
    },
    toGraph: (graph, input) => ordered.map((model) => model.toGraph(graph, input)) as [string, string, string],
  };
}
