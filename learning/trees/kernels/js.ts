import { CELL } from './kernels.ts';
import type { Kernels, KernelShape } from './kernels.ts';

/** The kernels in JavaScript, for where there is no WebAssembly; the sums are exact, so that their order does not matter. */
export function jsKernels({ bytes, bins, isWeighted }: KernelShape): Kernels {
  const buffer = new ArrayBuffer(Math.ceil(bytes / 16) * 16);
  const views: Views = {
    u8: new Uint8Array(buffer),
    u16: new Uint16Array(buffer),
    i32: new Int32Array(buffer),
    f64: new Float64Array(buffer),
  };
  const { i32, f64, u8 } = views;
  return {
    buffer,
    add: isWeighted ? addWeighted(views, bins) : addPlain(views, bins),
    subtract(parent, child, length) {
      for (let a = parent >> 3, b = child >> 3; a < (parent + length) >> 3; a++, b++) f64[a] = f64[a]! - f64[b]!;
    },
    moveLeaf(root, leaf, length, by) {
      for (let a = root >> 3, b = leaf >> 3; a < (root + length) >> 3; a += 2, b += 2) f64[a] = f64[a]! + by * f64[b + 1]!;
    },
    scan: scanAll(views),
    partition(rows, n, column, table, scratch) {
      let left = rows >> 2;
      let right = scratch >> 2;
      for (let p = rows >> 2, end = p + n; p < end; p++) {
        const i = i32[p]!;
        const step = u8[table + u8[column + i]!]! >> 2;
        i32[left] = i;
        i32[right] = i;
        left += step;
        right += 1 - step;
      }
      i32.copyWithin(left, scratch >> 2, right);
      return left - (rows >> 2);
    },
    move(rows, n, values, by) {
      for (let p = rows >> 2, end = p + n; p < end; p++) f64[(values >> 3) + i32[p]!] = f64[(values >> 3) + i32[p]!]! + by;
    },
    moveWeighted(rows, n, pairs, by) {
      for (let p = rows >> 2, end = p + n; p < end; p++) {
        const at = (pairs >> 3) + 2 * i32[p]!;
        f64[at] = f64[at]! + by * f64[at + 1]!;
      }
    },
    moveSign: moveSigns(views),
    select(rows, n, values, k, scratch) {
      const gathered = f64.subarray(scratch >> 3, (scratch >> 3) + n);
      for (let i = 0; i < n; i++) gathered[i] = f64[(values >> 3) + i32[(rows >> 2) + i]!]!;
      return gathered.sort()[k]!;
    },
  };
}

interface Views {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
}

function addPlain({ u8, i32, f64 }: Views, bins: number): Kernels['add'] {
  return (rows, n, cells, width, gradient, to) => {
    for (let p = rows >> 2, end = p + n; p < end; p++) {
      const i = i32[p]!;
      const g = f64[(gradient >> 3) + i]!;
      for (let f = 0, at = to >> 3; f < width; f++, at += 2 * bins) {
        const cell = at + 2 * u8[cells + i * width + f]!;
        f64[cell] = f64[cell]! + g;
        f64[cell + 1] = f64[cell + 1]! + 1;
      }
    }
  };
}

function addWeighted({ u8, i32, f64 }: Views, bins: number): Kernels['add'] {
  return (rows, n, cells, width, gradient, to) => {
    for (let p = rows >> 2, end = p + n; p < end; p++) {
      const i = i32[p]!;
      const g = f64[(gradient >> 3) + 2 * i]!;
      const w = f64[(gradient >> 3) + 2 * i + 1]!;
      for (let f = 0, at = to >> 3; f < width; f++, at += 2 * bins) {
        const cell = at + 2 * u8[cells + i * width + f]!;
        f64[cell] = f64[cell]! + g;
        f64[cell + 1] = f64[cell + 1]! + w;
      }
    }
  };
}

function moveSigns({ i32, f64 }: Views): Kernels['moveSign'] {
  return (rows, n, residual, gradient, by, above, below, flipped) => {
    let to = flipped >> 2;
    for (let p = rows >> 2, end = p + n; p < end; p++) {
      const i = i32[p]!;
      const before = f64[(residual >> 3) + i]!;
      const after = before - by;
      f64[(residual >> 3) + i] = after;
      f64[(gradient >> 3) + i] = after <= 0 ? above : below;
      if (before <= 0 !== after <= 0) i32[to++] = i;
    }
    return to - (flipped >> 2);
  };
}

function scanAll({ u16, i32, f64 }: Views): Kernels['scan'] {
  return (histogram, size, width, shape, sum, weight, least, lambda, out) => {
    for (let f = 0; f < width; f++) {
      const at = (histogram + f * size) >> 3;
      const bins = u16[(shape >> 1) + 2 * f]!;
      const best = { score: -1, bin: -1, missingLeft: 0 };
      for (let missingLeft = 0; missingLeft <= u16[(shape >> 1) + 2 * f + 1]!; missingLeft++) {
        let leftSum = missingLeft ? f64[at + 2 * bins]! : 0;
        let leftWeight = missingLeft ? f64[at + 2 * bins + 1]! : 0;
        for (let b = 0; b < bins; b++) {
          leftSum += f64[at + 2 * b]!;
          leftWeight += f64[at + 2 * b + 1]!;
          if (!(Math.min(leftWeight, weight - leftWeight) >= least)) continue;
          const score = scoreOf({ leftSum, leftWeight, sum, weight, lambda });
          if (score > best.score) Object.assign(best, { score, bin: b, missingLeft });
        }
      }
      f64[(out + f * CELL) >> 3] = best.score;
      i32[(out + f * CELL + 8) >> 2] = best.bin;
      i32[(out + f * CELL + 12) >> 2] = best.missingLeft;
    }
  };
}

/** In the order of operations that the compiled kernel has. */
function scoreOf(split: { leftSum: number; leftWeight: number; sum: number; weight: number; lambda: number }): number {
  const rightSum = split.sum - split.leftSum;
  const left = split.leftWeight + split.lambda;
  const right = split.weight - split.leftWeight + split.lambda;
  return (split.leftSum * split.leftSum * right + rightSum * rightSum * left) / (left * right);
}
