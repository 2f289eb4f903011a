/**
 * The layers whose weights can do with 4 bits.
 *
 * @module
 */

import type { Graph } from "../graph/graph.ts";
import { isDepthwise, layersOf } from "../graph/layers.ts";

/**
 * Layers whose weights take 4 bits where that is asked for, by the name of
 * their outputs: all but depthwise ones, and the first.
 */
export function lowBitLayers(graph: Graph): Set<string> {
  return new Set(layersOf(graph).slice(1).filter((layer) => !isDepthwise(layer)).map(({ output }) => output));
}
