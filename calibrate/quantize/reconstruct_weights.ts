/**
 * Quantised weights that bring a layer's results on the inputs of the quantised
 * network to those of the float network.
 *
 * @module
 */

import { fourDimensions, type LayerNode } from "../graph/layers.ts";
import { kernelOrder } from "../lower/pack_weights.ts";
import { type Gram, mergeGram } from "../observe/gram.ts";
import type { WeightQuantization } from "../plan.ts";
import { changeTowardsFloat } from "./float_targets.ts";
import { errorCost, roundWeights } from "./round_weights.ts";

/** A layer whose weights are to be rounded by what goes into it. */
export interface ReconstructionTask {
  layer: LayerNode;
  /** Its weights so far; scales and multipliers stay. */
  weights: WeightQuantization;
  /** The sums of two parts of the samples, each for each of the layer's groups. */
  parts: readonly [readonly Gram[], readonly Gram[]];
  /** Share of the square of what errors do to the mean that a correction will remove. */
  centred: number;
}

/**
 * Rounds weights towards the float network's results.
 *
 * @param channels The output channels to round, from the first to the last but one.
 * @returns The values of these channels.
 */
export function reconstructWeights(
  { layer, weights, parts, centred }: ReconstructionTask,
  [first, end]: readonly [number, number],
): Int8Array {
  const kernel = kernelOrder(fourDimensions(layer));
  const depth = kernel.length;
  const grams = parts[0].map((gram, group) => {
    const sum = { ...gram };
    for (const kind of ["sums", "products", "shifts", "crossings"] as const) sum[kind] = gram[kind].slice();
    mergeGram(sum, parts[1][group]);
    return sum;
  });
  const costs = grams.map((gram) => errorCost(gram, centred));
  const rows = {
    weights: Float64Array.from(
      layer.weights,
      (_, index) => layer.weights[index - index % depth + kernel[index % depth]],
    ),
    channels: weights.scales.length,
  };
  const change = changeTowardsFloat({ parts, grams, costs, centred }, rows, [first, end]);
  const wanted = layer.weights.slice();
  for (let index = 0; index < change.length; index++) {
    wanted[first * depth + index - index % depth + kernel[index % depth]] += change[index];
  }
  return roundWeights({ ...layer, weights: wanted }, weights, costs, [first, end]);
}
