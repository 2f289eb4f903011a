/**
 * First and second moments of each channel of a float value, the same to the
 * last bit for any split of the samples.
 *
 * @module
 */

import { addExactly, type ExactSum, roundSum } from "./exact_sum.ts";

/** Sums over all samples and positions, per channel. Plain data: it can be sent between workers. */
export interface ChannelMoments {
  /** Number of values in each channel. */
  count: number;
  /** Sum of the values of each channel. */
  sums: ExactSum[];
  /** Sum of the squared values of each channel. */
  squares: ExactSum[];
}

/** Moments of no values. */
export function createChannelMoments(channels: number): ChannelMoments {
  return {
    count: 0,
    sums: Array.from({ length: channels }, () => []),
    squares: Array.from({ length: channels }, () => []),
  };
}

/**
 * Adds the values of one sample. They are summed in order in float64; only the
 * sums of samples are added exactly, which is what must not depend on the split.
 *
 * @param values [positions, channels].
 */
export function addSample(moments: ChannelMoments, values: Float32Array | Float64Array): void {
  const channels = moments.sums.length;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let start = 0; start < values.length; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const value = values[start + channel];
      sums[channel] += value;
      squares[channel] += value * value;
    }
  }
  moments.count += values.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    addExactly(moments.sums[channel], sums[channel]);
    addExactly(moments.squares[channel], squares[channel]);
  }
}

/** Adds moments to others. */
export function mergeChannelMoments(into: ChannelMoments, from: ChannelMoments): void {
  into.count += from.count;
  for (const kind of ["sums", "squares"] as const) {
    from[kind].forEach((sum, channel) => sum.forEach((part) => addExactly(into[kind][channel], part)));
  }
}

/** Mean of each channel. */
export function meansOf({ count, sums }: ChannelMoments): Float64Array {
  return Float64Array.from(sums, (sum) => roundSum(sum) / count);
}

/** Mean of the squares of each channel: what an error of a weight on that channel costs. */
export function meanSquaresOf({ count, squares }: ChannelMoments): Float64Array {
  return Float64Array.from(squares, (sum) => roundSum(sum) / count);
}
