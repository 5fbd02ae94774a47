import type { FeaturePlan, ModelContract } from '../../learning/contract.ts';
import type { TrainingSet } from '../../learning/learners/learner.ts';
import { randomFrom } from '../../learning/random.ts';

/** A contract whose features are just names: for models that are not made from frames. */
export function contractOf(names: readonly string[], learner = 'test'): ModelContract {
  const plan: FeaturePlan = {
    stepMs: 500,
    horizonTicks: 8,
    siteSeries: [],
    appSeries: [],
    facts: [],
    lags: [],
    otherLags: [],
    windows: [],
    bridge: 3,
    levels: {},
    history: 1,
    oneHotSites: [],
    names,
  };
  return {
    schema: 1,
    kind: 'counterfactual',
    learner,
    target: 'kpi_latency_ms',
    better: 'lower',
    quantiles: [0.1, 0.5, 0.9],
    plan,
    horizonS: 4,
    stepS: 0.5,
    objectiveDigest: '0'.repeat(64),
    data: [],
    seed: 1,
  };
}

/** Rows with missing values whose target bends and jumps: y = 2a + |b| + (c > 0 ? 1 : 0) + noise, visits of 20 rows. */
export function bentSet(n: number, seed: number): TrainingSet {
  const random = randomFrom(seed);
  const names = ['a', 'b', 'c', 'd', 'constant'];
  const rows = new Float32Array(n * names.length);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const [a, b, c, d] = [random() * 2 - 1, random() * 2 - 1, random() * 2 - 1, 1000 * random()];
    y[i] = 2 * a + Math.abs(b) + (c > 0 ? 1 : 0) + 0.05 * (random() - 0.5);
    rows.set(
      [a, b, c, d, 7].map((v) => (random() < 0.1 ? NaN : v)),
      i * names.length,
    );
  }
  return { names, n, rows, y, scale: 'linear', visit: Int32Array.from({ length: n }, (_, i) => Math.floor(i / 20)) };
}

/** Rows of numbers of any size, a share of them missing, features named a, b, c ..., and a positive target as QoS has; visits of 4 rows. */
export function anySet({
  seed,
  n,
  width,
  missing,
  spread = 4,
}: {
  seed: number;
  n: number;
  width: number;
  missing: number;
  spread?: number;
}): TrainingSet {
  const random = randomFrom(seed);
  const rows = Float32Array.from({ length: n * width }, () => (random() < missing ? NaN : (random() - 0.5) * 10 ** (spread * random())));
  const y = Float64Array.from({ length: n }, (_, i) => {
    const first = rows[i * width]!;
    return 1 + (Number.isNaN(first) ? 0.5 : random()) + (first > 0 ? 1 : 0);
  });
  const names = Array.from({ length: width }, (_, f) => String.fromCharCode(97 + f));
  return { names, n, rows, y, scale: 'linear', visit: Int32Array.from({ length: n }, (_, i) => i >> 2) };
}
