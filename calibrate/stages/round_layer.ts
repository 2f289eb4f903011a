/**
 * GPTQ: a layer's weights rounded anew, by what goes into the layer.
 *
 * @module
 */

import { fourDimensions, isDepthwise, type LayerNode } from "../graph/layers.ts";
import { packQuantized, zeroPointOffsets } from "../lower/lower_layer.ts";
import { mergeGram } from "../observe/gram.ts";
import type { QuantizationPlan } from "../plan.ts";
import { errorCost, MOST_INPUTS, roundWeights } from "../quantize/round_weights.ts";
import type { StageTeam } from "../stream/table.ts";

/** Most positions over all samples that inputs are summed up at. */
const MOST_POSITIONS = 16384;

/**
 * Rounds a layer's weights by the inputs that it gets in the 8-bit network,
 * where the samples stand before it. Depthwise layers and those that sum more
 * than 2,304 products stay as they are.
 *
 * @param row One of the rows that the team corrects, by its position. The plan's weights are replaced, and those of the lanes.
 * @param centred Whether a correction will remove what errors do to the mean.
 */
export async function roundLayer(
  { team, samples }: { team: StageTeam<"correct">; samples: readonly number[] },
  { index, plan }: { index: number; plan: QuantizationPlan },
  layer: LayerNode,
  centred: boolean,
): Promise<void> {
  const [, inputs, height, width] = fourDimensions(layer);
  if (isDepthwise(layer) || inputs * height * width > MOST_INPUTS) return;
  const positions = Math.ceil(MOST_POSITIONS / samples.length);
  const [grams, ...others] = await team.everywhere("gram", index, layer.output, positions);
  for (const other of others) other.forEach((gram, group) => mergeGram(grams[group], gram));
  const before = plan.weights.get(layer.output)!;
  const costs = grams.map((gram) => errorCost(gram, centred));
  const weights = { ...before, values: roundWeights(layer, before, costs) };
  plan.weights.set(layer.output, weights);
  const parts = {
    packed: packQuantized(layer, weights.values),
    offsets: zeroPointOffsets(weights, plan.values.get(layer.inputs[0])!),
  };
  await team.everywhere("setWeights", index, layer.output, parts);
}
