/** How wrong it was, up to now, to expect of a site's next window what its last one had. */
export interface WindowErrors {
  /** Takes in the score of the window that has just ended. One that is unknown has no error, and neither has the one after it. */
  push(score: number): void;
  /** Errors so far. */
  samples(): number;
  /** Mean of all absolute errors so far; NaN before the first. */
  meanAbsolute(): number;
  /** The error below which a share of the newest lie; NaN before the first. */
  quantile(share: number): number;
}

/** Errors that the quantiles are taken from: a day at five minutes. */
const MEMORY = 288;

export function windowErrors(): WindowErrors {
  const ring = new Float64Array(MEMORY);
  const sorted = sortedList(MEMORY);
  let total = 0;
  let absolute = 0;
  let last = NaN;
  return {
    push(score) {
      const error = score - last;
      last = score;
      if (!Number.isFinite(error)) return;
      const slot = total % MEMORY;
      if (total >= MEMORY) sorted.remove(ring[slot] ?? NaN);
      ring[slot] = error;
      sorted.insert(error);
      absolute += Math.abs(error);
      total++;
    },
    samples: () => total,
    meanAbsolute: () => absolute / total,
    quantile: (share) => sorted.at(Math.round(share * (Math.min(total, MEMORY) - 1))),
  };
}

/** Numbers in ascending order; `remove` takes out one that is there. */
function sortedList(capacity: number) {
  const values = new Float64Array(capacity);
  let count = 0;
  /** The first place whose value is not smaller. */
  const placeOf = (value: number): number => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[middle] ?? NaN) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    at: (index: number): number => (index < count ? (values[index] ?? NaN) : NaN),
    insert(value: number): void {
      const at = placeOf(value);
      values.copyWithin(at + 1, at, count);
      values[at] = value;
      count++;
    },
    remove(value: number): void {
      const at = placeOf(value);
      values.copyWithin(at, at + 1, count);
      count--;
    },
  };
}
