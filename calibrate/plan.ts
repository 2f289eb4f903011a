/**
 * The decisions of quantisation: everything that distinguishes an 8-bit program
 * from the float one.
 *
 * @module
 */

/** Scale and zero point of an activation: real = scale x factor x (q - zeroPoint). */
export interface ValueQuantization {
  /** A positive float32. */
  scale: number;
  /** 0 to 255. */
  zeroPoint: number;
  /** Positive factors, one for each channel (last dimension) of the value; 1 where absent. They are folded into the layers around. */
  factors?: Float64Array;
}

/** Multipliers of weights of 4 bits: value = level x multiplier, with levels from -7 to 7. */
export interface WeightGroups {
  /** Weights of an output channel, in the order (ky, kx, c), that share a multiplier; a multiple of 4. */
  size: number;
  /** 1 to 18, [output channels][ceil(weights of a channel / size)]. */
  multipliers: Uint8Array;
}

/** Quantised weights of a layer: real = scales[output channel] x value / factor of the input channel. */
export interface WeightQuantization {
  /** In the order of the float weights, -127 to 127. */
  values: Int8Array;
  /** One float32 per output channel; in the ratio of the output channels' factors where granularity is per tensor. */
  scales: Float32Array;
  /** Of weights of 4 bits. */
  groups?: WeightGroups;
}

/** Correction of a layer's batch statistics: u' = gain x u + bias, per output channel, u without bias. */
export interface LayerCorrection {
  /** Factor on the requantisation multiplier; 1 where only the mean is corrected. */
  gain: Float64Array;
  /** New bias in real units. */
  bias: Float64Array;
}

/** All decisions, by value name. Layers go by the name of the value that they make. */
export interface QuantizationPlan {
  values: Map<string, ValueQuantization>;
  weights: Map<string, WeightQuantization>;
  corrections: Map<string, LayerCorrection>;
}
