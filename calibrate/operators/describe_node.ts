/**
 * What a node of a graph is, for reports.
 *
 * @module
 */

import type { Graph, Node } from "../graph/graph.ts";
import type { NodeDescription } from "./operator.ts";
import { operatorOf } from "./operators.ts";

/** Describes a node. */
export function describeNode(graph: Graph, node: Node): NodeDescription {
  const shape = (value: string) => graph.values.get(value)!.shape;
  return operatorOf(node).describe(node, { inputs: node.inputs.map(shape), output: shape(node.output) });
}
