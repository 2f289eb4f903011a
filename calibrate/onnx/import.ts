/**
 * Imports an ONNX file: decode, check, fold constants, lower to the graph, run
 * the passes.
 *
 * @module
 */

import { refuseNodes, verifyGraph } from "../operators/check_graph.ts";
import type { Graph } from "../graph/graph.ts";
import { runPasses } from "../passes/run_passes.ts";
import { decodeOnnx } from "./decode.ts";
import { UnsupportedNetworkError } from "./errors.ts";
import type { ReadExternalData } from "./external_data.ts";
import { lowerModel } from "./lower_model.ts";
import type { OnnxModel } from "./model.ts";
import type { Dimensions } from "./read_inputs.ts";
import { recogniseGelu } from "./recognise_gelu.ts";
import { recogniseLayerNormalization } from "./recognise_layer_normalization.ts";

/** How a network is imported. */
export interface ImportOptions {
  /** Name of the graph. */
  name: string;
  /**
   * Lengths for free dimensions of inputs, by their names in the file; one
   * without a name is called after its input and its axis: `x.2`. A batch with
   * a length is no longer free.
   */
  dimensions?: Dimensions;
  /** Reads data that stand in other files than the model's; without it a model with such data is refused. */
  external?: ReadExternalData;
}

/**
 * Imports an ONNX file of a float network.
 *
 * The graph is normalised and in channels-last form: see {@linkcode runPasses}.
 * A free batch becomes 1 and stays free where samples do not meet in any node;
 * where the network takes no other number of samples than one, it is fixed.
 *
 * @param bytes The whole file.
 * @throws {OnnxError} Where the file cannot be read or contradicts itself.
 * @throws {UnsupportedNetworkError} Where anything is not supported, or samples would meet: all reasons.
 * @throws {InputRangeError} Where a length is given for a dimension that no input has.
 */
export function importOnnx(bytes: Uint8Array, { name, dimensions = {}, external }: ImportOptions): Graph {
  const model = recogniseLayerNormalization(recogniseGelu(decodeOnnx(bytes, external)));
  const { graph, normalizations } = lowerModel(model, { name, dimensions });
  const result = runPasses(graph, normalizations);
  verifyGraph(result);
  refuseBeyondLimits(result, model);
  return result;
}

/** Refuses what the kernels cannot take: all of it at once. */
function refuseBeyondLimits(graph: Graph, { nodes, opset }: OnnxModel): void {
  const refusals = refuseNodes(graph);
  if (refusals.length === 0) return;
  const operatorOf = new Map(nodes.map(({ name, operator }) => [name, operator]));
  const operators = refusals.map(({ node, reason }) => {
    // Of several nodes made from one operator, all but one have its name with a suffix.
    const operator = operatorOf.get(node.name) ?? operatorOf.get(node.name.replace(/\/[^/]*$/, "")) ?? node.op;
    return { node: node.name, operator, domain: "", opset, reason: `it ${reason}` };
  });
  throw new UnsupportedNetworkError({ parts: [], operators });
}
