/**
 * Layers between channels that are in units of factors.
 *
 * @module
 */

import { fourDimensions, groupsOf, type LayerNode } from "./layers.ts";

/** Factors of a layer's channels; 1 where absent. */
export interface ChannelFactors {
  /** One for each channel that the layer reads. */
  input?: Float64Array | undefined;
  /** One for each channel that it makes. */
  output?: Float64Array | undefined;
}

/**
 * The layer that computes the same between channels that are divided by
 * factors: its weights are multiplied by those of the inputs, weights and
 * biases are divided by those of the outputs. What a normalisation said of the
 * layer stays in real units.
 */
export function scaleLayer(layer: LayerNode, { input, output }: ChannelFactors): LayerNode {
  if (!input && !output) return layer;
  const [outputs, inputs, height, width] = fourDimensions(layer);
  const taps = height * width;
  const groups = groupsOf(layer);
  const weights = new Float32Array(layer.weights.length);
  let index = 0;
  for (let channel = 0; channel < outputs; channel++) {
    const first = Math.floor(channel * groups / outputs) * inputs;
    const unit = 1 / (output?.[channel] ?? 1);
    for (let other = first; other < first + inputs; other++) {
      const factor = (input?.[other] ?? 1) * unit;
      for (let tap = 0; tap < taps; tap++, index++) weights[index] = layer.weights[index] * factor;
    }
  }
  const bias = output ? layer.bias.map((value, channel) => value / output[channel]) : layer.bias;
  return { ...layer, weights, bias };
}
