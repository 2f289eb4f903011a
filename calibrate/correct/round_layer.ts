/**
 * GPTQ: a layer's weights rounded anew, by what goes into the layer.
 *
 * @module
 */

import type { Graph } from "../graph/graph.ts";
import { fourDimensions, isDepthwise, type LayerNode } from "../graph/layers.ts";
import { packQuantized, zeroPointOffsets } from "../lower/lower_layer.ts";
import { type Gram, mergeGram } from "../observe/gram.ts";
import type { QuantizationPlan } from "../plan.ts";
import { errorCost, MOST_INPUTS, roundWeights } from "../quantize/round_weights.ts";
import type { Lanes } from "../stream/lanes.ts";

/** Most positions over all samples that inputs are summed up at. */
const MOST_POSITIONS = 16384;

/**
 * Rounds a layer's weights by the inputs that it gets in the 8-bit network,
 * where the samples stand before it. Depthwise layers and those that sum more
 * than 2,304 products stay as they are.
 *
 * @param state The plan's weights are replaced, and those of the lanes.
 * @param centred Whether a correction will remove what errors do to the mean.
 */
export async function roundLayer(
  { lanes: { all }, plan, samples }: {
    lanes: Lanes;
    graph: Graph;
    plan: QuantizationPlan;
    samples: readonly number[];
  },
  layer: LayerNode,
  centred: boolean,
): Promise<void> {
  const [, inputs, height, width] = fourDimensions(layer);
  if (isDepthwise(layer) || inputs * height * width > MOST_INPUTS) return;
  const positions = Math.ceil(MOST_POSITIONS / samples.length);
  const [grams, ...others]: Gram[][] = await Promise.all(all.map((lane) => lane.gram(layer.output, positions)));
  for (const other of others) other.forEach((gram, group) => mergeGram(grams[group], gram));
  const before = plan.weights.get(layer.output)!;
  const costs = grams.map((gram) => errorCost(gram, centred));
  const weights = { ...before, values: roundWeights(layer, before, costs) };
  plan.weights.set(layer.output, weights);
  const parts = {
    packed: packQuantized(layer, weights.values),
    offsets: zeroPointOffsets(weights, plan.values.get(layer.inputs[0])!),
  };
  await Promise.all(all.map((lane) => lane.setWeights(layer.output, parts)));
}
