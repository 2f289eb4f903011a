/**
 * Imports an ONNX file: decode, check, fold constants, lower to the graph, run
 * the passes.
 *
 * @module
 */

import { verifyGraph } from "../graph_check.ts";
import type { Graph } from "../graph.ts";
import { runPasses } from "../passes/run_passes.ts";
import { decodeOnnx } from "./decode.ts";
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
  verifyGraph(result);
  return result;
}
