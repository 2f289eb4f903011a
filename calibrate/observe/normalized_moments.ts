/**
 * Pre-activations on samples beside what the BatchNormalization that was folded
 * into their layer says of those in training.
 *
 * @module
 */

import { addSample, type ChannelMoments, createChannelMoments, meansOf, meanSquaresOf } from "./channel_moments.ts";

/** Least deviation between samples that counts, as a share of |gamma|: channels that never move have none. */
const LEAST_DEVIATION = 0.01;
/** Fewest samples that tell how much samples differ from each other. */
const LEAST_SAMPLES = 8;

/** Where training saw a layer's pre-activations, per channel. */
export interface TrainedUnits {
  /** Scale that the BatchNormalization gives each channel. */
  gamma: Float32Array;
  /** Mean that it gives each. */
  beta: Float32Array;
}

/**
 * Adds a sample: a single vector of what its channels are on average, in units
 * of the normalisation, (mean over positions - beta) / |gamma|.
 *
 * @param moments Those of {@linkcode createChannelMoments}; their count is that of the samples.
 * @param values [positions, channels].
 */
export function addNormalized(moments: ChannelMoments, values: Float32Array, { gamma, beta }: TrainedUnits): void {
  const channels = beta.length;
  const [one, means] = [createChannelMoments(channels), new Float64Array(channels)];
  addSample(one, values);
  meansOf(one).forEach((mean, channel) => {
    const units = (mean - beta[channel]) / Math.abs(gamma[channel]);
    // A channel without a scale, or with a value that an activation function cuts off later, tells nothing.
    means[channel] = Number.isFinite(units) ? units : 0;
  });
  addSample(moments, means);
}

/**
 * How far samples lie from those that a network was trained on, in variances
 * between samples: the mean, over layers and their channels, of m^2 / (s^2 +
 * 0.01^2), with m and s^2 the mean and the variance of what the samples' own
 * means are off, in units of the layer's normalisation. Where the samples are
 * like those of training m is 0 but for chance, and this about 1 / n.
 *
 * Samples, not positions, are independent of each other. Fewer than 8 do not
 * tell how they differ.
 *
 * @param normalized Moments of each layer, filled by {@linkcode addNormalized}.
 * @returns 0 where no layer was normalised, or there are fewer than 8 samples.
 */
export function distanceFromTraining(normalized: Iterable<ChannelMoments>): number {
  let [sum, layers] = [0, 0];
  for (const moments of normalized) {
    if (moments.count < LEAST_SAMPLES) return 0;
    sum += layerDistance(moments);
    layers++;
  }
  return layers > 0 ? sum / layers : 0;
}

function layerDistance(moments: ChannelMoments): number {
  const [means, squares] = [meansOf(moments), meanSquaresOf(moments)];
  const unbiased = moments.count / (moments.count - 1);
  let [sum, channels] = [0, 0];
  means.forEach((mean, channel) => {
    if (squares[channel] === 0) return;
    const variance = Math.max(0, squares[channel] - mean * mean) * unbiased;
    sum += mean * mean / (variance + LEAST_DEVIATION * LEAST_DEVIATION);
    channels++;
  });
  return channels > 0 ? sum / channels : 0;
}
