import type { PointModel } from '../learners/learner.ts';
import { randomFrom } from '../random.ts';
import { thin } from './task-backtest.ts';
import type { TaskRows } from './task-rows.ts';
import { pickRows } from './task-rows.ts';

/** How much the mean absolute error on rows that were learned from rises when an input is shuffled; 0.5 = by half. */
export interface Importance {
  readonly input: string;
  readonly rise: number;
}

const ROWS = 500;
const MOST = 20;

/** The inputs a model leans on most, the largest first. Near-copies share what they tell, so each alone looks small. */
export function importancesOf(point: PointModel, rows: TaskRows, seed: number): Importance[] {
  const few = pickRows(
    rows,
    Array.from(
      thin(
        Int32Array.from({ length: rows.n }, (_, i) => i),
        ROWS,
      ),
    ),
  );
  const { x, y, n, names } = few;
  const width = names.length;
  const error = (inputs: Float32Array): number => point.predict(inputs, n).reduce((sum, p, i) => sum + Math.abs(p - y[i]!), 0);
  const plain = error(x);
  if (!(plain > 0)) return [];
  const order = shuffled(n, seed);
  const all = names.map((input, f): Importance => {
    const changed = x.slice();
    order.forEach((from, i) => (changed[i * width + f] = x[from * width + f]!));
    return { input, rise: Number((error(changed) / plain - 1).toPrecision(4)) };
  });
  return all
    .filter(({ rise }) => rise > 0)
    .sort((a, b) => b.rise - a.rise)
    .slice(0, MOST);
}

function shuffled(n: number, seed: number): Int32Array {
  const random = randomFrom(seed);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
