/**
 * Layers that stay in float where the others are 8 bits.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import type { Graph } from "../graph/graph.ts";
import { layersOf } from "../graph/layers.ts";
import { chooseForms } from "../program/forms.ts";
import type { PreparedNetwork } from "./prepare_network.ts";

/**
 * Keeps layers of a network in float: they read float values, which the nodes
 * before them no longer round, and write float values.
 *
 * The groups of values that share a scale stay as they are: fewer of their
 * values are 8 bits, and no other ones.
 *
 * @param outputs Names of the layers' outputs.
 */
export function keepLayers(network: PreparedNetwork, outputs: Iterable<string>): PreparedNetwork {
  return { ...network, forms: chooseForms(network.graph, new Set(outputs)) };
}

/** Checks a number of layers to keep in float. @throws {RangeError} Where the network has fewer layers with weights. */
export function checkKeepFloat(graph: Graph, count: number): void {
  const { length } = layersOf(graph);
  if (count > length) {
    throw new InputRangeError(
      `${count} layers cannot be kept in float: network "${graph.name}" has ${length} with weights`,
    );
  }
}
