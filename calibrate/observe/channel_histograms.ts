/**
 * A small histogram for each channel of a value, zero-anchored and with a
 * power-of-two bin width of its own, as that of the whole value has.
 *
 * The counts depend on the values alone, not on their order, on batches or on
 * how parts are merged.
 *
 * @module
 */

import { exponentFor } from "./histogram.ts";

/** Number of bins on each side of zero. */
export const CHANNEL_BINS = 128;

/** The exponent of a channel that has seen no value but zero. */
export const NO_EXPONENT = -32768;
/** log2 of the number of bins. */
const BIN_BITS = 7;

/** Counts of the values of each channel. Plain data: it can be sent between workers. */
export interface ChannelHistograms {
  /** Number of values seen in each channel, zeros included. */
  count: number;
  /** Number of samples seen. */
  samples: number;
  /** Least value seen in each channel, at most 0. */
  min: Float32Array;
  /** Greatest value seen in each channel, at least 0. */
  max: Float32Array;
  /** Least value of each channel in all samples but that which has {@linkcode min}. */
  secondMin: Float32Array;
  /** Greatest value of each channel in all samples but that which has {@linkcode max}. */
  secondMax: Float32Array;
  /** Bin width of each channel is 2^exponent; {@linkcode NO_EXPONENT} before the first value that is not zero. */
  exponents: Int16Array;
  /** [channels][bins]: bin k counts values in [k, k + 1) widths above zero. */
  positive: Float64Array;
  /** The same of magnitudes below zero; of no length before the first one. */
  negative: Float64Array;
}

/** Empty histograms. */
export function createChannelHistograms(channels: number): ChannelHistograms {
  return {
    count: 0,
    samples: 0,
    min: new Float32Array(channels),
    max: new Float32Array(channels),
    secondMin: new Float32Array(channels),
    secondMax: new Float32Array(channels),
    exponents: new Int16Array(channels).fill(NO_EXPONENT),
    positive: new Float64Array(channels * CHANNEL_BINS),
    negative: new Float64Array(0),
  };
}

/** Counts the finite values of a sample. @param values [positions, channels]. */
export function observeChannels(histograms: ChannelHistograms, values: Float32Array): void {
  const { exponents, positive } = histograms;
  const channels = exponents.length;
  const [min, max] = [new Float32Array(channels), new Float32Array(channels)];
  for (let start = 0; start < values.length; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const value = values[start + channel];
      if (value > max[channel]) max[channel] = value;
      else if (value < min[channel]) min[channel] = value;
    }
  }
  const none = new Float32Array(channels);
  mergeEnds(histograms, { min, max, secondMin: none, secondMax: none });
  histograms.samples++;
  const inverses = new Float64Array(channels);
  let hasNegative = false;
  for (let channel = 0; channel < channels; channel++) {
    const largest = Math.max(max[channel], -min[channel]);
    if (largest === 0) continue;
    coarsen(histograms, channel, exponentFor(largest, CHANNEL_BINS));
    inverses[channel] = 2 ** -exponents[channel];
    if (min[channel] < 0) hasNegative = true;
  }
  if (hasNegative) addNegativeSide(histograms);
  const { negative } = histograms;
  histograms.count += values.length / channels;
  for (let start = 0; start < values.length; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const value = values[start + channel];
      if (value > 0) positive[channel * CHANNEL_BINS + (value * inverses[channel] | 0)]++;
      else if (value < 0) negative[channel * CHANNEL_BINS + (-value * inverses[channel] | 0)]++;
    }
  }
}

/** Adds the counts of histograms to others of as many channels. */
export function mergeChannelHistograms(into: ChannelHistograms, from: ChannelHistograms): void {
  into.count += from.count;
  into.samples += from.samples;
  mergeEnds(into, from);
  if (from.negative.length > 0) addNegativeSide(into);
  for (let channel = 0; channel < from.min.length; channel++) mergeChannel(into, channel, from);
}

/** Takes what was seen for all that can be: no sample goes beyond it. */
export function closeEnds({ min, max, secondMin, secondMax }: ChannelHistograms): void {
  secondMin.set(min);
  secondMax.set(max);
}

type Ends = Pick<ChannelHistograms, "min" | "max" | "secondMin" | "secondMax">;

function mergeEnds(into: Ends, from: Ends): void {
  for (let channel = 0; channel < from.min.length; channel++) {
    const [low, high] = [
      Math.max(into.min[channel], from.min[channel]),
      Math.min(into.max[channel], from.max[channel]),
    ];
    into.secondMin[channel] = Math.min(low, into.secondMin[channel], from.secondMin[channel]);
    into.secondMax[channel] = Math.max(high, into.secondMax[channel], from.secondMax[channel]);
    into.min[channel] = Math.min(into.min[channel], from.min[channel]);
    into.max[channel] = Math.max(into.max[channel], from.max[channel]);
  }
}

function mergeChannel(into: ChannelHistograms, channel: number, from: ChannelHistograms): void {
  if (from.exponents[channel] === NO_EXPONENT) return;
  coarsen(into, channel, from.exponents[channel]);
  const shift = into.exponents[channel] - from.exponents[channel];
  for (const side of ["positive", "negative"] as const) {
    const [target, source] = [into[side], from[side]];
    if (source.length === 0) continue;
    for (let bin = 0; bin < CHANNEL_BINS; bin++) {
      target[channel * CHANNEL_BINS + coarser(bin, shift)] += source[channel * CHANNEL_BINS + bin];
    }
  }
}

function addNegativeSide(histograms: ChannelHistograms): void {
  if (histograms.negative.length === 0) histograms.negative = new Float64Array(histograms.positive.length);
}

/** Raises the bin width of a channel to 2^exponent, where it is less. */
function coarsen({ exponents, positive, negative }: ChannelHistograms, channel: number, exponent: number): void {
  const shift = exponents[channel] === NO_EXPONENT ? 0 : exponent - exponents[channel];
  if (exponents[channel] === NO_EXPONENT) exponents[channel] = exponent;
  if (shift <= 0) return;
  const first = channel * CHANNEL_BINS;
  for (const side of negative.length > 0 ? [positive, negative] : [positive]) {
    for (let bin = 1; bin < CHANNEL_BINS; bin++) {
      const count = side[first + bin];
      if (count === 0) continue;
      side[first + bin] = 0;
      side[first + coarser(bin, shift)] += count;
    }
  }
  exponents[channel] = exponent;
}

/** The bin that a bin becomes part of when 2^shift of them become one. */
function coarser(bin: number, shift: number): number {
  return shift > BIN_BITS ? 0 : bin >> shift;
}
