/**
 * Scalar reference of what is computed over rows: softmax and layer
 * normalisation.
 *
 * @module
 */

import { exp } from "../../runtime/numerics/float32.ts";

const f = Math.fround;

/** The sum of a row, in four lanes. */
function sumOf(row: Float32Array): number {
  const lanes = [0, 0, 0, 0];
  row.forEach((x, column) => lanes[column % 4] = f(lanes[column % 4] + x));
  return f(f(lanes[0] + lanes[1]) + f(lanes[2] + lanes[3]));
}

function mapRows(input: Float32Array, length: number, map: (row: Float32Array) => Float32Array): Float32Array {
  const output = new Float32Array(input.length);
  for (let start = 0; start < input.length; start += length) {
    output.set(map(input.subarray(start, start + length)), start);
  }
  return output;
}

/** Reference of "softmax_f32". */
export function softmaxF32(input: Float32Array, options: { rows: number; columns: number }): Float32Array {
  return mapRows(input, options.columns, (row) => {
    const best = Math.max(...row);
    const powers = row.map((x) => exp(f(x - best)));
    const sum = sumOf(powers);
    return powers.map((power) => power / sum);
  });
}

/** Factors and addends of a layer normalisation, one for each element of a row, and what is added to the variance. */
export interface LayerNormalizationOptions {
  length: number;
  epsilon: number;
  scale?: Float32Array;
  bias?: Float32Array;
}

/** Reference of "layer_normalization_f32". */
export function layerNormalizationF32(input: Float32Array, options: LayerNormalizationOptions): Float32Array {
  const { length, epsilon, scale, bias } = options;
  return mapRows(input, length, (row) => {
    const mean = f(sumOf(row) / length);
    const coarse = row.map((x) => x - mean);
    const rest = f(sumOf(coarse) / length);
    const differences = coarse.map((difference) => difference - rest);
    const variance = f(sumOf(differences.map((difference) => difference * difference)) / length);
    const deviation = f(Math.sqrt(f(variance + f(epsilon))));
    return differences.map((difference, index) => {
      const scaled = f(f(difference / deviation) * (scale?.[index] ?? 1));
      return bias ? scaled + bias[index] : scaled;
    });
  });
}
