import type { Learner, PointModel } from './learner.ts';

/** The mean of what some learners predict, as one model. */
export function average(learners: readonly Learner[]): Learner {
  return {
    name: `average (${learners.map((l) => l.name).join(', ')})`,
    kind: 'model',
    fit: (set, options) => averageOf(learners.map((learner) => learner.fit(set, options))),
  };
}

/** The mean of fitted models; NaN where one of them cannot tell. Throws RangeError if there is none. */
export function averageOf(models: readonly PointModel[]): PointModel {
  if (models.length === 0) throw new RangeError('an average needs at least one model');
  return {
    about: { models: models.length },
    predict(rows, n) {
      const all = models.map((model) => model.predict(rows, n));
      return Float32Array.from({ length: n }, (_, i) => all.reduce((sum, values) => sum + values[i]!, 0) / models.length);
    },
    toGraph(graph, input) {
      const share = graph.constant([1 / models.length], [1]);
      return models.map((model) => graph.node('Mul', [model.toGraph(graph, input), share])).reduce((a, b) => graph.node('Add', [a, b]));
    },
  };
}
