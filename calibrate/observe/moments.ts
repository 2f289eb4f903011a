/**
 * Per-channel moments of a float value and its quantised counterpart.
 *
 * @module
 */

/**
 * Joint moments of pairs (float, quantised), per channel: means and sums of
 * products of deviations. Plain data: it can be sent between workers.
 */
export interface JointMoments {
  /** Number of pairs in each channel. */
  count: number;
  floatMean: Float64Array;
  quantizedMean: Float64Array;
  /** Sum of (f - mean f)^2. */
  floatSquares: Float64Array;
  /** Sum of (q - mean q)^2. */
  quantizedSquares: Float64Array;
  /** Sum of (f - mean f)(q - mean q). */
  products: Float64Array;
}

/** Moments of no pairs. */
export function createMoments(channels: number): JointMoments {
  return {
    count: 0,
    floatMean: new Float64Array(channels),
    quantizedMean: new Float64Array(channels),
    floatSquares: new Float64Array(channels),
    quantizedSquares: new Float64Array(channels),
    products: new Float64Array(channels),
  };
}

/**
 * Moments of one sample: two passes over channels-last values, in order.
 *
 * @param floats Values of the float network, [positions, channels].
 * @param quantized Values of the quantised network, of the same shape.
 */
export function measureMoments(floats: Float32Array, quantized: Float32Array, channels: number): JointMoments {
  const moments = createMoments(channels);
  const count = floats.length / channels;
  moments.count = count;
  const { floatMean, quantizedMean, floatSquares, quantizedSquares, products } = moments;
  for (let index = 0; index < floats.length; index += channels) {
    for (let channel = 0; channel < channels; channel++) {
      floatMean[channel] += floats[index + channel];
      quantizedMean[channel] += quantized[index + channel];
    }
  }
  for (let channel = 0; channel < channels; channel++) {
    floatMean[channel] /= count;
    quantizedMean[channel] /= count;
  }
  for (let index = 0; index < floats.length; index += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const f = floats[index + channel] - floatMean[channel];
      const q = quantized[index + channel] - quantizedMean[channel];
      floatSquares[channel] += f * f;
      quantizedSquares[channel] += q * q;
      products[channel] += f * q;
    }
  }
  return moments;
}

/**
 * Adds moments to others (Chan, Golub and LeVeque 1979). Floating-point sums
 * depend on the order: callers merge in the order of the samples.
 */
export function mergeMoments(into: JointMoments, from: JointMoments): void {
  const total = into.count + from.count;
  if (from.count === 0) return;
  const weight = from.count / total;
  const cross = into.count * weight;
  for (let channel = 0; channel < into.floatMean.length; channel++) {
    const f = from.floatMean[channel] - into.floatMean[channel];
    const q = from.quantizedMean[channel] - into.quantizedMean[channel];
    into.floatSquares[channel] += from.floatSquares[channel] + f * f * cross;
    into.quantizedSquares[channel] += from.quantizedSquares[channel] + q * q * cross;
    into.products[channel] += from.products[channel] + f * q * cross;
    into.floatMean[channel] += f * weight;
    into.quantizedMean[channel] += q * weight;
  }
  into.count = total;
}

/**
 * Mean squared error of gain x q + bias against f, in one channel.
 */
export function errorOf(moments: JointMoments, channel: number, gain: number, bias: number): number {
  const { count, floatMean, quantizedMean, floatSquares, quantizedSquares, products } = moments;
  const offset = gain * quantizedMean[channel] + bias - floatMean[channel];
  const spread = gain * gain * quantizedSquares[channel] - 2 * gain * products[channel] + floatSquares[channel];
  return Math.max(0, spread) / count + offset * offset;
}
