/** How much work a fit may do, decided from the size of the data and the budget before it begins, so that it is the same on every machine. */
export interface Effort {
  readonly folds: number;
  /** Rows that a candidate learns from, and is judged by, in a fold. */
  readonly mostRows: number;
  /** Rows that what was chosen learns from in the end. */
  readonly mostFinalRows: number;
}

export function effortFor({ rows, budgetS }: { rows: number; budgetS: number }): Effort {
  const scale = budgetS / 60;
  const mostRows = Math.max(500, Math.round(20_000 * scale));
  return { folds: rows < 200 ? 3 : 4, mostRows, mostFinalRows: 2 * mostRows };
}
