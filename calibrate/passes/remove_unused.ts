/**
 * Removes what no output of the graph depends on.
 *
 * @module
 */

import type { Graph, Node, Value } from "../graph/graph.ts";

/** The graph without nodes and values that no output depends on. */
export function removeUnused(graph: Graph): Graph {
  const used = new Set(graph.outputs.map((port) => port.value));
  const nodes: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!used.has(node.output)) continue;
    nodes.push(node);
    for (const input of node.inputs) used.add(input);
  }
  for (const port of graph.inputs) used.add(port.value);
  if (used.size === graph.values.size) return { ...graph, nodes: nodes.reverse() };
  const values = new Map<string, Value>();
  for (const [name, value] of graph.values) if (used.has(name)) values.set(name, value);
  return { ...graph, nodes: nodes.reverse(), values };
}
