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
  /** Whether the elements of each channel are all the same. */
  isConstant: boolean;
}

/** Number of channels of an input that are told apart: those of an image, in planes. @param shape Its shape. */
export function channelsOfInput(shape: readonly number[]): number {
  return shape.length === 4 && [1, 3].includes(shape[1]) ? shape[1] : 1;
}

/**
 * Summarises the elements of an input.
 *
 * @param channels Number of its channels.
 * @param last Whether the channels are the last dimension, not one before the elements of each.
 */
export function summarizeInput(values: Float32Array | Uint8Array, channels: number, last: boolean): InputSummary {
  const plane = values.length / channels;
  let isConstant = true;
  let [min, max, sum, squares] = [Infinity, -Infinity, 0, 0];
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (isConstant && value !== values[last ? index % channels : index - index % plane]) isConstant = false;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    squares += value * value;
  }
  return { min, max, mean: sum / values.length, square: squares / values.length, isConstant };
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
