/**
 * What the first output of a network is, found from its graph.
 *
 * @module
 */

import type { Activation } from "../runtime/activation.ts";
import type { OutputKind } from "../runtime/program.ts";
import type { Graph, Node } from "./graph/graph.ts";

/**
 * Finds what the first output is: probabilities after a softmax, independent probabilities after a sigmoid, else logits.
 *
 * Nodes that keep all values, such as reshapes and clips to 0 to 1, may follow.
 */
export function findOutputKind(graph: Graph): OutputKind {
  const makers = new Map(graph.nodes.map((node) => [node.output, node]));
  let node = makers.get(graph.outputs[0].value);
  while (node && keepsProbabilities(node)) node = makers.get(node.inputs[0]);
  if (node?.op === "softmax") {
    return graph.values.get(node.output)!.shape[node.axis] > 1 ? "probabilities" : "logits";
  }
  const activation = node && "activation" in node ? node.activation.kind : "identity";
  return activation === "sigmoid" || activation === "hardSigmoid" ? "independent-probabilities" : "logits";
}

/** Whether a node's result is its input where all values lie between 0 and 1, in whatever order and shape. */
function keepsProbabilities(node: Node): boolean {
  if (node.op === "reshape" || node.op === "transpose") return true;
  return node.op === "activation" && keepsUnitInterval(node.activation);
}

function keepsUnitInterval(activation: Activation): boolean {
  if (activation.kind === "clip") return activation.min <= 1e-3 && activation.max >= 1 - 1e-3;
  return activation.kind === "relu" || activation.kind === "leakyRelu";
}
