/**
 * Scalar reference of softmax and of the f32 matrix product.
 *
 * @module
 */

import { exp } from "../../runtime/numerics/float32.ts";
import { multiplyAdd } from "./arithmetic.ts";

const f = Math.fround;

/** Reference of "softmax_f32". */
export function softmaxF32(input: Float32Array, options: { rows: number; columns: number }): Float32Array {
  const output = new Float32Array(options.rows * options.columns);
  for (let row = 0; row < options.rows; row++) {
    const start = row * options.columns;
    const values = input.subarray(start, start + options.columns);
    const best = Math.max(...values);
    const lanes = [0, 0, 0, 0];
    values.forEach((x, column) => {
      output[start + column] = exp(f(x - best));
      lanes[column % 4] = f(lanes[column % 4] + output[start + column]);
    });
    const sum = f(f(lanes[0] + lanes[1]) + f(lanes[2] + lanes[3]));
    for (let i = start; i < start + options.columns; i++) output[i] = f(output[i] / sum);
  }
  return output;
}

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
