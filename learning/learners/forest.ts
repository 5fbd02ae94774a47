import { randomFrom } from '../random.ts';
import { bin } from '../trees/binning.ts';
import { growTree } from '../trees/grow.ts';
import { treesToGraph, valueIn } from '../trees/tree.ts';
import type { Tree } from '../trees/tree.ts';
import { refuseEmpty } from './learner.ts';
import type { FitOptions, Learner, PointModel, TrainingSet } from './learner.ts';

export interface ForestOptions {
  readonly trees: number;
  /** Fewest rows in a leaf. */
  readonly minRows: number;
  /** Share of the features that each tree may use. */
  readonly columns: number;
}

const DEFAULTS: ForestOptions = { trees: 100, minRows: 1, columns: 1 };

/** The mean of deep trees, each on its own draw of the rows with replacement. */
export function forest(options: Partial<ForestOptions> = {}): Learner {
  return { name: 'forest', kind: 'model', fit: (set, fit) => fitForest(set, { ...DEFAULTS, ...options }, fit) };
}

/** Ends early, with one tree at least, when time is over. Throws RangeError for a set without rows. */
export function fitForest(set: TrainingSet, options: ForestOptions, fit: FitOptions): PointModel {
  refuseEmpty(set);
  const width = set.names.length;
  const random = randomFrom(fit.seed);
  const binned = bin({ rows: set.rows, n: set.n, width });
  const base = Math.fround(set.y.reduce((sum, y) => sum + y, 0) / set.n);
  const gradient = set.y.map((y) => base - y);
  const grown: Tree[] = [];
  do {
    const rows = Int32Array.from({ length: set.n }, () => Math.floor(random() * set.n)).sort();
    const features = draw(width, options.columns, random);
    grown.push(meansOf(growTree(binned, rows, gradient, { leaves: set.n, minRows: options.minRows, lambda: 0, features }), rows, gradient));
  } while (grown.length < options.trees && !fit.isOver());
  const trees = grown.map((tree) => ({ ...tree, value: tree.value.map((v) => Math.fround(v / grown.length)) }));
  return {
    about: { trees: trees.length },
    predict: (x, n) => Float32Array.from({ length: n }, (_, i) => trees.reduce((sum, tree) => sum + valueIn(tree, x, i * width), base)),
    toGraph: (graph, input) => treesToGraph(graph, input, { base, trees }),
  };
}

function meansOf({ tree, leafOf }: ReturnType<typeof growTree>, rows: Int32Array, gradient: Float64Array): Tree {
  const sums = new Float64Array(tree.feature.length);
  const counts = new Float64Array(tree.feature.length);
  for (const i of rows) {
    sums[leafOf[i]!] = sums[leafOf[i]!]! - gradient[i]!;
    counts[leafOf[i]!] = counts[leafOf[i]!]! + 1;
  }
  return { ...tree, value: [...sums].map((sum, node) => (counts[node] ? sum / counts[node] : 0)) };
}

function draw(width: number, share: number, random: () => number): number[] {
  const all = Array.from({ length: width }, (_, f) => f);
  const wanted = Math.max(1, Math.round(width * share));
  for (let i = 0; i < wanted; i++) {
    const j = i + Math.floor(random() * (width - i));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all.slice(0, wanted).sort((a, b) => a - b);
}
