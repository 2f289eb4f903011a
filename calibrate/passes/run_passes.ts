/**
 * The passes in their order.
 *
 * @module
 */

import type { FoldedNormalization, Graph } from "../graph/graph.ts";
import { foldBatchNormalization } from "./fold_batch_normalization.ts";
import { foldChannelArithmetic } from "./fold_channel_arithmetic.ts";
import { foldPad } from "./fold_pad.ts";
import { fuseActivation } from "./fuse_activation.ts";
import { mergeArrangements } from "./merge_arrangements.ts";
import { nameNodes } from "./name_nodes.ts";
import { recogniseGates } from "./recognise_gates.ts";
import { removeUnused } from "./remove_unused.ts";
import { skipExpansion } from "./skip_expansion.ts";
import { toChannelsLast } from "./to_channels_last.ts";

/**
 * Runs all passes on a graph in the source network's layout.
 *
 * @param graph Images are [batch, channels, height, width].
 * @param normalizations What BatchNormalizations said, by the value they make.
 * @returns The normalised graph in channels-last form.
 */
export function runPasses(
  graph: Graph,
  normalizations: ReadonlyMap<string, FoldedNormalization>,
): Graph {
  let current = mergeArrangements(skipExpansion(removeUnused(graph)));
  current = recogniseGates(current);
  for (let before = -1; before !== current.nodes.length;) {
    before = current.nodes.length;
    current = foldBatchNormalization(current, normalizations);
    current = foldChannelArithmetic(current);
  }
  current = foldBatchNormalization(current, normalizations);
  current = fuseActivation(foldPad(current));
  return nameNodes(mergeArrangements(toChannelsLast(mergeArrangements(current))));
}
