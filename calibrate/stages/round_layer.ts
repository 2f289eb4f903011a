/**
 * A layer's weights rounded anew, by what goes into the layer.
 *
 * @module
 */

import { fourDimensions, groupsOf, isDepthwise, type LayerNode } from "../graph/layers.ts";
import { scaleLayer } from "../graph/scale_layer.ts";
import { packQuantized, zeroPointOffsets } from "../lower/lower_layer.ts";
import { mergeGram } from "../observe/gram.ts";
import type { QuantizationPlan } from "../plan.ts";
import { MOST_INPUTS } from "../quantize/round_weights.ts";
import type { StageTeam } from "../stream/table.ts";

/** How many positions over all samples inputs are summed up at. */
interface PositionLimits {
  least: number;
  most: number;
  /** Products of two inputs between the two. */
  products: number;
}

/** Of depthwise layers, whose sums have few inputs, and of others, whose sums are products of matrices. */
const POSITIONS: Readonly<Record<"depthwise" | "other", PositionLimits>> = {
  depthwise: { least: 1024, most: 4096, products: 2 ** 28 },
  other: { least: 4096, most: 16384, products: 2 ** 30 },
};

/**
 * Rounds a layer's weights by the inputs that it gets in the 8-bit network and
 * in the float one, where the samples stand before it. Layers that sum more
 * than 2,304 products stay as they are.
 *
 * @param row One of the rows that the team corrects, by its position. The plan's weights are replaced, and those of the lanes.
 * @param centred Share, 0 to 1, of the square of what errors do to the mean that a correction will remove.
 */
export async function roundLayer(
  { team, samples }: { team: StageTeam<"correct">; samples: readonly number[] },
  { index, plan }: { index: number; plan: QuantizationPlan },
  layer: LayerNode,
  centred: number,
): Promise<void> {
  const [channels, inputs, height, width] = fourDimensions(layer);
  const depth = inputs * height * width;
  if (depth > MOST_INPUTS) return;
  const { least, most, products } = POSITIONS[isDepthwise(layer) ? "depthwise" : "other"];
  const wanted = Math.min(most, Math.max(least, products / (depth * depth * groupsOf(layer))));
  const positions = Math.ceil(wanted / samples.length);
  const sumsOf = async (part: number) => {
    const some = samples.filter((_, position) => position % 2 === part);
    const [grams, ...others] = await team.everywhere("gram", index, layer.output, some, positions);
    for (const other of others) other.forEach((gram, group) => mergeGram(grams[group], gram));
    return grams;
  };
  const before = plan.weights.get(layer.output)!;
  const scaled = scaleLayer(layer, { input: plan.values.get(layer.inputs[0])!.factors });
  const task = { layer: scaled, weights: before, parts: [await sumsOf(0), await sumsOf(1)] as const, centred };
  const bounds = Array.from(
    { length: team.all.length + 1 },
    (_, lane) => Math.floor(lane * channels / team.all.length),
  );
  const rounded = await Promise.all(
    team.all.map((lane, number) => lane.run("round", task, [bounds[number], bounds[number + 1]])),
  );
  const values = new Int8Array(before.values.length);
  let end = 0;
  for (const part of rounded) {
    values.set(part, end);
    end += part.length;
  }
  const weights = { ...before, values };
  plan.weights.set(layer.output, weights);
  const parts = {
    packed: packQuantized(layer, weights.values),
    offsets: zeroPointOffsets(weights, plan.values.get(layer.inputs[0])!),
  };
  await team.everywhere("setWeights", index, layer.output, parts);
}
