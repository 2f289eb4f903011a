/**
 * The layers whose weights can do with 4 bits.
 *
 * @module
 */

import type { Graph } from "../graph.ts";
import { isDepthwise, type LayerNode } from "../lower/lower_layer.ts";

/**
 * Layers whose weights take 4 bits where that is asked for, by the name of
 * their outputs: all but depthwise ones, and the first.
 */
export function lowBitLayers(graph: Graph): Set<string> {
  const layers = graph.nodes.filter((node): node is LayerNode =>
    node.op === "convolution" || node.op === "fullyConnected"
  );
  return new Set(layers.slice(1).filter((layer) => !isDepthwise(layer)).map(({ output }) => output));
}
