/**
 * Scalar reference of what is computed over rows: softmax and layer
 * normalisation.
 *
 * @module
 */

import { exponential } from "../../runtime/numerics/exponential.ts";
import { logarithm } from "../../runtime/numerics/logarithm.ts";
import type { Reduction } from "../../runtime/kernels/reduce.ts";
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

/** Dimensions of an input, the second of which is reduced, and how. */
export interface ReduceOptions {
  dimensions: readonly [outer: number, length: number, inner: number];
  function: Reduction;
}

/** Reference of "reduce_f32". */
export function reduceF32(input: Float32Array, options: ReduceOptions): Float32Array {
  const [outer, length, inner] = options.dimensions;
  return Float32Array.from({ length: outer * inner }, (_, index) => {
    const first = Math.floor(index / inner) * length * inner + index % inner;
    return reduce(Array.from({ length }, (_, i) => input[first + i * inner]), options.function);
  });
}

function reduce(row: readonly number[], name: Reduction): number {
  const add = (term: (x: number) => number): number => row.reduce((sum, x) => sum + term(x), 0);
  switch (name) {
    case "sum":
      return add((x) => x);
    case "product":
      return row.reduce((product, x) => product * x, 1);
    case "maximum":
      return row[placeOf(row, (x, best) => x > best)];
    case "minimum":
      return row[placeOf(row, (x, best) => x < best)];
    case "l1":
      return add(Math.abs);
    case "l2":
      return Math.sqrt(add((x) => x * x));
    case "sumSquares":
      return add((x) => x * x);
    case "meanSquares":
      return add((x) => x * x) / row.length;
    case "logSum":
      return logarithm(add((x) => x));
    case "logSumExp": {
      const best = row[placeOf(row, (x, best) => x > best)];
      const offset = Number.isFinite(best) ? best : 0;
      return offset + logarithm(add((x) => exponential(x - offset)));
    }
    case "firstMaximum":
      return placeOf(row, (x, best) => x > best);
    case "lastMaximum":
      return placeOf(row, (x, best) => x >= best);
    case "firstMinimum":
      return placeOf(row, (x, best) => x < best);
    case "lastMinimum":
      return placeOf(row, (x, best) => x <= best);
  }
}

/** Index of the best number; a NaN is better than all others. */
function placeOf(row: readonly number[], isBetter: (x: number, best: number) => boolean): number {
  return row.reduce(
    (place, x, i) => isBetter(x, row[place]) || (Number.isNaN(x) && !Number.isNaN(row[place])) ? i : place,
    0,
  );
}
