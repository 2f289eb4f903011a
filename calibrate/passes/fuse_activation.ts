/**
 * Applies activation functions inside the node that makes their input.
 *
 * @module
 */

import type { ActivationNode, Graph, Node } from "../graph/graph.ts";
import { isLayer } from "../graph/layers.ts";
import { operatorOf } from "../operators/operators.ts";
import { replaceNodes, surroundingsOf } from "./edit.ts";
import { removeUnused } from "./remove_unused.ts";

/**
 * The graph with activations fused into the convolution, fully connected layer
 * or binary function that makes their input for them alone. Slopes are fused
 * where they run along the same dimension as the layer's own parameters.
 */
export function fuseActivation(graph: Graph): Graph {
  const { isPrivate } = surroundingsOf(graph);
  const made = new Map<string, Node>();
  for (const node of graph.nodes) {
    made.set(node.output, node);
    if (node.op !== "activation") continue;
    const before = made.get(node.inputs[0]);
    if (before === undefined || !isPrivate(before.output)) continue;
    const fused = fuse(graph, before, node);
    if (fused === undefined) continue;
    made.delete(before.output);
    made.set(node.output, fused);
  }
  return removeUnused(replaceNodes(graph, Array.from(made.values())));
}

function fuse(graph: Graph, before: Node, node: ActivationNode): Node | undefined {
  const { activation, output, slopes, axis } = node;
  if (!("activation" in before) || before.activation.kind !== "identity") return undefined;
  if (!slopes) return { ...before, activation, output };
  const rank = graph.values.get(before.output)!.shape.length;
  const along = operatorOf(before).parameterAxis(before, rank, "channelsFirst");
  return isLayer(before) && axis === along ? { ...before, activation, output, slopes } : undefined;
}
