/**
 * The channels of a whole network that share their factors.
 *
 * @module
 */

import { type ChannelLinker, createChannelLinker } from "../graph/channel_links.ts";
import type { Graph } from "../graph/graph.ts";
import { layersThatShare } from "../graph/shared_weights.ts";
import { operatorOf } from "../operators/operators.ts";

/**
 * Links the channels of a graph's values.
 *
 * Layers with weights set the channels they read and make free, whatever else
 * is not positively homogeneous fixes them. Inputs, outputs and constants of
 * the network are fixed, and so is what layers with the same weights read and
 * make: factors would make them different.
 *
 * @param graph Channels-last graph.
 */
export function linkChannels(graph: Graph): ChannelLinker {
  const linker = createChannelLinker(graph);
  for (const port of [...graph.inputs, ...graph.outputs]) linker.fix(port.value);
  for (const value of graph.values.values()) if (value.data) linker.fix(value.name);
  for (const node of graph.nodes) {
    if (!operatorOf(node).linkChannels(node, linker)) [...node.inputs, node.output].forEach(linker.fix);
  }
  for (const layer of layersThatShare(graph).flat()) [...layer.inputs, layer.output].forEach(linker.fix);
  return linker;
}
