/**
 * Imports an ONNX file: decode, check, fold constants, lower to the graph, run
 * the passes.
 *
 * @module
 */

import { verifyGraph } from "../operators/check_graph.ts";
import type { Graph } from "../graph/graph.ts";
import { runPasses } from "../passes/run_passes.ts";
import { decodeOnnx } from "./decode.ts";
import { UnsupportedOperatorsError } from "./errors.ts";
import { lowerModel } from "./lower_model.ts";
import { recogniseGelu } from "./recognise_gelu.ts";

/**
 * Imports an ONNX file of a float network.
 *
 * The graph is normalised and in channels-last form: see {@linkcode runPasses}.
 * A symbolic batch becomes 1.
 *
 * @param bytes The whole file.
 * @param options.name Name of the graph.
 * @throws {OnnxError} Where the file cannot be read or contradicts itself.
 * @throws {UnsupportedOperatorsError} Where operators are not supported: all of them.
 */
export function importOnnx(bytes: Uint8Array, options: { name: string }): Graph {
  const model = recogniseGelu(decodeOnnx(bytes));
  const { graph, normalizations } = lowerModel(model, options.name);
  const result = runPasses(graph, normalizations);
  refuseInfinitePads(result, model.opset);
  verifyGraph(result);
  return result;
}

/** Pads with infinity only make sense where a MaxPool took them in. */
function refuseInfinitePads(graph: Graph, opset: number): void {
  const infinite = graph.nodes.filter((node) => node.op === "pad" && !Number.isFinite(node.value));
  if (infinite.length === 0) return;
  const reason = "its value is infinite and no MaxPool takes it in";
  throw new UnsupportedOperatorsError(
    infinite.map((node) => ({ node: node.name, operator: "Pad", domain: "", opset, reason })),
  );
}
