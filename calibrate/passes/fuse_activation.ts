/**
 * Applies activation functions inside the node that makes their input.
 *
 * @module
 */

import type { ActivationNode, Graph, Node } from "../graph/graph.ts";
import { replaceNodes, surroundingsOf } from "./edit.ts";
import { removeUnused } from "./remove_unused.ts";

/**
 * The graph with activations fused into the convolution, fully connected layer
 * or binary function that makes their input for them alone.
 */
export function fuseActivation(graph: Graph): Graph {
  const { isPrivate } = surroundingsOf(graph);
  const made = new Map<string, Node>();
  for (const node of graph.nodes) {
    made.set(node.output, node);
    if (node.op !== "activation") continue;
    const before = made.get(node.inputs[0]);
    if (before === undefined || !isPrivate(before.output)) continue;
    const fused = fuse(before, node);
    if (fused === undefined) continue;
    made.delete(before.output);
    made.set(node.output, fused);
  }
  return removeUnused(replaceNodes(graph, Array.from(made.values())));
}

function fuse(before: Node, node: ActivationNode): Node | undefined {
  const { activation, output, slopes } = node;
  switch (before.op) {
    case "convolution":
    case "fullyConnected":
      if (before.activation.kind !== "identity") return undefined;
      if (slopes && slopes.length !== before.weightShape[0]) return undefined;
      return { ...before, activation, output, ...(slopes && { slopes }) };
    case "binary":
      if (before.activation.kind !== "identity" || slopes) return undefined;
      return { ...before, activation, output };
    default:
      return undefined;
  }
}
