/**
 * What is kept of each sample by itself.
 *
 * @module
 */

/** A sample in a few numbers. Plain data: it can be sent between workers. */
export interface SampleSummary {
  /** Greatest magnitude of each watched value, in their order; Infinity where one is not finite. */
  peaks: Float32Array;
  /** The elements of the network's input. */
  input: InputSummary;
}

/** The elements of an input in a few numbers. */
export interface InputSummary {
  /** Least element. */
  min: number;
  /** Greatest element. */
  max: number;
  /** Mean of the elements. */
  mean: number;
  /** Mean of their squares. */
  square: number;
}

/** Summarises the elements of an input. */
export function summarizeInput(values: Float32Array | Uint8Array): InputSummary {
  let [min, max, sum, squares] = [Infinity, -Infinity, 0, 0];
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    squares += value * value;
  }
  return { min, max, mean: sum / values.length, square: squares / values.length };
}

/** Greatest magnitude of values; Infinity where one is NaN or infinite. */
export function peakOf(values: Float32Array): number {
  let peak = 0;
  for (let index = 0; index < values.length; index++) {
    const magnitude = Math.abs(values[index]);
    if (!(magnitude <= peak)) {
      if (!(magnitude < Infinity)) return Infinity;
      peak = magnitude;
    }
  }
  return peak;
}
