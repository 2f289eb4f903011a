/**
 * Gives each node a name of its own.
 *
 * @module
 */

import type { Graph, Node } from "../graph/graph.ts";
import { operatorOf } from "../operators/operators.ts";

/**
 * The graph with distinct node names: of several nodes made from one operator,
 * the first that computes keeps the name.
 */
export function nameNodes(graph: Graph): Graph {
  const owners = new Map<string, Node>();
  for (const node of graph.nodes) {
    const owner = owners.get(node.name);
    if (!owner || (arranges(owner) && !arranges(node))) {
      owners.set(node.name, node);
    }
  }
  const taken = new Set(owners.keys());
  const counts = new Map<string, number>();
  const nodes = graph.nodes.map((node) => {
    if (owners.get(node.name) === node) return node;
    const base = `${node.name}/${node.op}`;
    let [name, count] = [base, counts.get(base) ?? 1];
    for (; taken.has(name); name = `${base}${count}`) count++;
    counts.set(base, count);
    taken.add(name);
    return { ...node, name };
  });
  return { ...graph, nodes };
}

/** Whether a node only moves elements. */
function arranges(node: Node): boolean {
  const { origin } = operatorOf(node).content(node);
  return origin === "moved" || origin === "joined";
}
