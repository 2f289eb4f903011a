/**
 * Quantisation of a layer's weights, with the guards that keep its integers in
 * range.
 *
 * @module
 */

import type { LayerNode } from "../lower/lower_layer.ts";
import { largestMagnitude, minMaxWeightScale, qmseWeightScale, type WeightRange } from "../scales/weight_scale.ts";
import type { ValueQuantization, WeightQuantization } from "./plan.ts";

/** Which weights share a scale. */
export type WeightGranularity = "per-channel" | "per-tensor";

/** How weights are quantised. */
export interface WeightOptions {
  granularity: WeightGranularity;
  method: "qmse" | "minmax";
}

/** Smallest scale of a channel as a share of the layer's largest: near-dead channels would need huge biases. */
const SCALE_FLOOR = 2 ** -12;
/** int32 less the room for the rounding of the bias. */
const ACCUMULATOR_LIMIT = 2 ** 31 - 2 ** 16;
/** Factor by which a correction may enlarge a bias that the guard let pass. */
const BIAS_HEADROOM = 4;
const TOP = 127;

/**
 * Quantises a layer's weights to -127..127.
 *
 * The scale of a channel is raised where its bias would not fit the
 * accumulator; the other channels keep theirs. A channel without weights other
 * than zero takes the layer's scale.
 *
 * @param input Quantisation of the layer's input.
 * @throws {RangeError} Where a weight or bias is not finite, or the accumulator could overflow whatever the scales.
 */
export function quantizeWeights(node: LayerNode, input: ValueQuantization, options: WeightOptions): WeightQuantization {
  const channels = node.weightShape[0];
  const depth = node.weights.length / channels;
  if (depth * TOP * 255 >= ACCUMULATOR_LIMIT) {
    throw new RangeError(
      `Node "${node.name}" sums ${depth} products: int32 holds at most ${Math.floor(ACCUMULATOR_LIMIT / TOP / 255)}`,
    );
  }
  refuseInfinite(node);
  const scales = chooseScales(node.weights, channels, options);
  const values = new Int8Array(node.weights.length);
  for (let channel = 0; channel < channels; channel++) {
    const room = (ACCUMULATOR_LIMIT - depth * TOP * 255) / BIAS_HEADROOM;
    const least = Math.abs(node.bias[channel]) / (room * input.scale);
    if (scales[channel] < least) scales[channel] = least * 1.0001;
    const scale = scales[channel];
    for (let index = channel * depth; index < (channel + 1) * depth; index++) {
      values[index] = quantizeWeight(node.weights[index], scale);
    }
  }
  return { values, scales };
}

function refuseInfinite({ name, weights, bias }: LayerNode): void {
  for (const [kind, values] of [["weight", weights], ["bias", bias]] as const) {
    const index = values.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) throw new RangeError(`Node "${name}" has a ${kind} that is ${values[index]} at index ${index}`);
  }
}

function chooseScales(weights: Float32Array, channels: number, options: WeightOptions): Float32Array {
  const choose = options.method === "qmse" ? qmseWeightScale : minMaxWeightScale;
  const whole: WeightRange = { weights, start: 0, end: weights.length };
  const shared = choose(whole);
  const scales = new Float32Array(channels).fill(shared);
  if (options.granularity === "per-tensor") return scales;
  const depth = weights.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    const range = { weights, start: channel * depth, end: (channel + 1) * depth };
    if (largestMagnitude(range) === 0) continue;
    scales[channel] = options.method === "qmse" ? qmseWeightScale(range, 8, [shared]) : minMaxWeightScale(range);
  }
  const floor = scales.reduce((largest, scale) => Math.max(largest, scale), 0) * SCALE_FLOOR;
  return scales.map((scale) => Math.max(scale, floor));
}

/** Rounds a weight to its nearest step, ties to even, within -127..127. */
function quantizeWeight(weight: number, scale: number): number {
  const rounder = 6755399441055744;
  return Math.min(TOP, Math.max(-TOP, weight / scale + rounder - rounder));
}
