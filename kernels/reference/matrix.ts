/**
 * Scalar reference of the f32 matrix product.
 *
 * @module
 */

import { multiplyAdd } from "./arithmetic.ts";

/** Reference of "matmul_f32". */
export function matmulF32(
  [a, b]: readonly [Float32Array, Float32Array],
  options: { batch: number; m: number; k: number; n: number; aBatchStride: number; bBatchStride: number },
): Float32Array {
  const { m, k, n } = options;
  const output = new Float32Array(options.batch * m * n);
  for (let i = 0; i < output.length; i++) {
    const column = i % n;
    const row = Math.floor(i / n) % m;
    const matrix = Math.floor(i / n / m);
    let sum = 0;
    for (let j = 0; j < k; j++) {
      const x = a[matrix * options.aBatchStride + row * k + j];
      sum = multiplyAdd(sum, x, b[matrix * options.bBatchStride + j * n + column]);
    }
    output[i] = sum;
  }
  return output;
}
