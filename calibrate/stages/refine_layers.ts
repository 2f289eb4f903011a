/**
 * Layers that get more precision than the others.
 *
 * @module
 */

import { InputRangeError } from "../../runtime/errors.ts";
import type { Graph } from "../graph/graph.ts";
import { layersOf } from "../graph/layers.ts";
import { chooseForms } from "../program/forms.ts";
import type { PreparedNetwork } from "./prepare_network.ts";

/** More precision than a layer would get: float32, or 8 bits for weights that would have 4. */
export type Precision = "float32" | "8-bit weights";

/** A layer, by the name of its output, and the precision that it gets. */
export interface RefinedLayer {
  output: string;
  precision: Precision;
}

/**
 * Gives layers of a network more precision. Those in float read float values,
 * which the nodes before them no longer round, and write float values.
 *
 * The groups of values that share a scale stay as they are: fewer of their
 * values are 8 bits, and no other ones.
 */
export function refineLayers(network: PreparedNetwork, layers: readonly RefinedLayer[]): PreparedNetwork {
  const named = (precision: Precision) =>
    new Set(layers.filter((layer) => layer.precision === precision).map(({ output }) => output));
  return {
    ...network,
    forms: chooseForms(network.graph, named("float32")),
    wide: named("8-bit weights"),
  };
}

/** Checks a number of layers to keep in float. @throws {RangeError} Where the network has fewer layers with weights. */
export function checkKeepFloat(graph: Graph, count = 0): void {
  const { length } = layersOf(graph);
  if (count > length) {
    throw new InputRangeError(
      `${count} layers cannot be kept in float: network "${graph.name}" has ${length} with weights`,
    );
  }
}
