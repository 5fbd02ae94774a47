/** The newest numbers of a series, kept in order of their size. */
export interface Newest {
  push(value: number): void;
  /** The value below which a share of them lie; NaN when there is none. */
  quantile(share: number): number;
}

export function newest(memory: number): Newest {
  const ring = new Float64Array(memory);
  const sorted = new Float64Array(memory);
  let total = 0;
  let count = 0;
  /** The first place whose value is not smaller. */
  const placeOf = (value: number): number => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? NaN) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    push(value) {
      const slot = total++ % memory;
      if (count === memory) {
        const oldest = placeOf(ring[slot] ?? NaN);
        sorted.copyWithin(oldest, oldest + 1, count--);
      }
      ring[slot] = value;
      const at = placeOf(value);
      sorted.copyWithin(at + 1, at, count++);
      sorted[at] = value;
    },
    quantile: (share) => (count === 0 ? NaN : (sorted[Math.round(share * (count - 1))] ?? NaN)),
  };
}
