type Values = Float32Array | Float64Array | Int32Array;

/** A typed array that grows: numbers outside of the heap, without one object per value. */
export interface Growing<T extends Values> {
  push(value: number): void;
  size(): number;
  done(): T;
}

export function growing<T extends Values>(make: (length: number) => T): Growing<T> {
  let values = make(1024);
  let n = 0;
  return {
    push(value) {
      if (n === values.length) {
        const more = make(Math.ceil(n * 1.6));
        more.set(values);
        values = more;
      }
      values[n++] = value;
    },
    size: () => n,
    done: () => values.slice(0, n) as T,
  };
}
