/**
 * Quantisation of weights and biases for the peers' files.
 *
 * @module
 */

/** Weights and biases of a layer as integers. */
export interface QuantizedLayer {
  /** In the order of the float weights, -127 to 127. */
  weights: Int8Array;
  /** Scale of each output channel's weights. */
  scales: Float32Array;
  /** Biases in units of `biasScales`. */
  bias: Int32Array;
  /** Scale of the input times that of the weights, per output channel. */
  biasScales: Float32Array;
}

/** Quantises each output channel symmetrically, from its greatest magnitude. @param inputScale Scale of the layer's input. */
export function quantizeLayer(
  { weights, bias }: { weights: Float32Array; bias: Float32Array },
  inputScale: number,
): QuantizedLayer {
  const channels = bias.length;
  const depth = weights.length / channels;
  const scales = Float32Array.from({ length: channels }, (_, channel) => {
    const row = weights.subarray(channel * depth, (channel + 1) * depth);
    return row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 127;
  });
  const biasScales = scales.map((scale) => scale * inputScale);
  return {
    weights: Int8Array.from(weights, (value, index) => {
      const steps = Math.round(value / scales[Math.floor(index / depth)]);
      return Math.max(-127, Math.min(127, steps));
    }),
    scales,
    bias: Int32Array.from(bias, (value, channel) => Math.round(value / biasScales[channel])),
    biasScales,
  };
}
