/**
 * Scalar reference of running sums and of the places of the greatest numbers.
 *
 * @module
 */

/** Dimensions of an input, along the second of which sums run, and how. */
export interface CumulativeSumOptions {
  dimensions: readonly [outer: number, length: number, inner: number];
  exclusive: boolean;
  reverse: boolean;
}

/** Reference of "cumulative_sum_f32". */
export function cumulativeSumF32(input: Float32Array, options: CumulativeSumOptions): Float32Array {
  const { dimensions: [outer, length, inner], exclusive, reverse } = options;
  const output = new Float32Array(input.length);
  for (let row = 0; row < outer * inner; row++) {
    const first = Math.floor(row / inner) * length * inner + row % inner;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const at = first + (reverse ? length - 1 - i : i) * inner;
      const before = sum;
      sum += input[at];
      output[at] = exclusive ? before : sum;
    }
  }
  return output;
}

/** Dimensions of rows and how many numbers of each are sought. */
export interface TopIndicesOptions {
  dimensions: readonly [rows: number, length: number, count: number];
  smallest: boolean;
}

/** Reference of "top_indices_f32". */
export function topIndicesF32(input: Float32Array, options: TopIndicesOptions): Float32Array {
  const { dimensions: [rows, length, count], smallest } = options;
  // NaN comes before all others.
  const rank = (x: number) => Number.isNaN(x) ? Infinity : 0;
  return Float32Array.from({ length: rows * count }, (_, at) => {
    const row = input.subarray(Math.floor(at / count) * length, (Math.floor(at / count) + 1) * length);
    const order = [...row.keys()].sort((i, j) => {
      const [x, y] = [row[i], row[j]];
      if (rank(x) !== rank(y)) return rank(x) > rank(y) ? -1 : 1;
      if (x === y || rank(x) > 0) return i - j;
      return (smallest ? x < y : x > y) ? -1 : 1;
    });
    return order[at % count];
  });
}
