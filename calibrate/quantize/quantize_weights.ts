/**
 * Quantisation of a layer's weights, with the guards that keep its integers in
 * range.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import { fourDimensions, type LayerNode } from "../graph/layers.ts";
import { kernelOrder } from "../lower/pack_weights.ts";
import type { ValueQuantization, WeightQuantization } from "../plan.ts";
import {
  largestMagnitude,
  minMaxWeightScale,
  qmseWeightScale,
  type WeightRange,
  ZERO_WEIGHTS_SCALE,
} from "../scales/weight_scale.ts";
import type { WeightGranularity } from "../settings.ts";
import { chooseMultipliers, groupedScale, groupRow, TOP_LEVEL } from "./grouped_weights.ts";

/** How weights are quantised. */
export interface WeightOptions {
  granularity: WeightGranularity;
  method: "qmse" | "minmax";
  /** 8 where absent. */
  bits?: 8 | 4;
  /** Weights that share a multiplier at 4 bits, a multiple of 4; all of a channel where absent. */
  group?: number;
  /** What a squared error on each input channel costs; the same for all where absent. */
  inputImportance?: Float64Array;
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
    throw new InputRangeError(
      `Node "${node.name}" sums ${depth} products: int32 holds at most ${Math.floor(ACCUMULATOR_LIMIT / TOP / 255)}`,
    );
  }
  refuseInfinite(node);
  const room = (ACCUMULATOR_LIMIT - depth * TOP * 255) / BIAS_HEADROOM;
  const leastScales = node.bias.map((bias) => Math.abs(bias) / (room * input.scale));
  return options.bits === 4 ? quantizeLow(node, leastScales, options) : quantizeHigh(node, leastScales, options);
}

function refuseInfinite({ name, weights, bias }: LayerNode): void {
  for (const [kind, values] of [["weight", weights], ["bias", bias]] as const) {
    const index = values.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) {
      throw new InputRangeError(`Node "${name}" has a ${kind} that is ${values[index]} at index ${index}`);
    }
  }
}

/** Weights of 8 bits. */
function quantizeHigh(node: LayerNode, leastScales: Float32Array, options: WeightOptions): WeightQuantization {
  const channels = node.weightShape[0];
  const depth = node.weights.length / channels;
  const scales = raise(chooseScales(node, options), leastScales);
  const values = new Int8Array(node.weights.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let index = channel * depth; index < (channel + 1) * depth; index++) {
      values[index] = roundToLevel(node.weights[index], scales[channel], TOP);
    }
  }
  return { values, scales };
}

/** Weights of 4 bits. */
function quantizeLow(node: LayerNode, leastScales: Float32Array, options: WeightOptions): WeightQuantization {
  const channels = node.weightShape[0];
  const order = kernelOrder(fourDimensions(node));
  const depth = order.length;
  const importance = importanceOf(node, options);
  const { group = Math.ceil(depth / 4) * 4, method } = options;
  const rows = Array.from({ length: channels }, (_, channel) => {
    const gather = (values: Float32Array) => Float32Array.from(order, (source) => values[channel * depth + source]);
    return groupRow(
      { weights: gather(node.weights), importance: importance && gather(importance) },
      { method, group },
    );
  });
  const shared = groupedScale(rows, method) || ZERO_WEIGHTS_SCALE;
  const chosen = options.granularity === "per-tensor"
    ? new Float32Array(channels).fill(shared)
    : Float32Array.from(rows, (row) => groupedScale([row], method) || shared);
  const scales = raise(floored(chosen), leastScales);
  const multipliers = new Uint8Array(channels * Math.ceil(depth / group));
  const values = new Int8Array(node.weights.length);
  for (const [channel, row] of rows.entries()) {
    const own = chooseMultipliers(row, scales[channel]).multipliers;
    multipliers.set(own, channel * own.length);
    for (let k = 0; k < depth; k++) {
      const multiplier = own[Math.floor(k / group)];
      values[channel * depth + order[k]] = multiplier *
        roundToLevel(row.weights[k], scales[channel] * multiplier, TOP_LEVEL);
    }
  }
  return { values, scales, groups: { size: group, multipliers } };
}

/** The importance of the error of each weight. */
function importanceOf(node: LayerNode, { inputImportance }: WeightOptions): Float32Array | undefined {
  if (!inputImportance) return undefined;
  const [outputs, inputs, height, width] = fourDimensions(node);
  const taps = height * width;
  const groups = inputImportance.length / inputs;
  const mean = inputImportance.reduce((sum, value) => sum + value, 0) / inputImportance.length;
  if (mean === 0) return undefined;
  const importance = new Float32Array(node.weights.length);
  for (let index = 0; index < importance.length; index++) {
    const weightGroup = Math.floor(index / (outputs / groups * inputs * taps));
    importance[index] = inputImportance[weightGroup * inputs + Math.floor(index / taps) % inputs] / mean;
  }
  return importance;
}

function chooseScales(node: LayerNode, options: WeightOptions): Float32Array {
  const { weights } = node;
  const channels = node.weightShape[0];
  const importance = importanceOf(node, options);
  const choose = options.method === "qmse" ? qmseWeightScale : minMaxWeightScale;
  const whole: WeightRange = { weights, importance, start: 0, end: weights.length };
  const shared = choose(whole);
  const scales = new Float32Array(channels).fill(shared);
  if (options.granularity === "per-tensor") return scales;
  const depth = weights.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    const range = { weights, importance, start: channel * depth, end: (channel + 1) * depth };
    if (largestMagnitude(range) === 0) continue;
    scales[channel] = options.method === "qmse" ? qmseWeightScale(range, 8, [shared]) : minMaxWeightScale(range);
  }
  return floored(scales);
}

/** Scales that are at least a share of the largest. */
function floored(scales: Float32Array): Float32Array {
  const floor = scales.reduce((largest, scale) => Math.max(largest, scale), 0) * SCALE_FLOOR;
  return scales.map((scale) => Math.max(scale, floor));
}

/** Scales that leave room for the biases. */
function raise(scales: Float32Array, least: Float32Array): Float32Array {
  return scales.map((scale, channel) => scale < least[channel] ? least[channel] * 1.0001 : scale);
}

/** Rounds a weight to its nearest level, ties to even, within -top..top. */
export function roundToLevel(weight: number, step: number, top: number): number {
  const rounder = 6755399441055744;
  return Math.min(top, Math.max(-top, weight / step + rounder - rounder));
}
