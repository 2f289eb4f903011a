/**
 * What the passes share: looking around in a graph and replacing its nodes.
 *
 * @module
 */

import { consumersOf, type Graph, type Node } from "../graph/graph.ts";

/** What a pass asks about a graph. */
export interface Surroundings {
  /** The node that makes a value, where one does. */
  producer: (value: string) => Node | undefined;
  /** Whether a value is read exactly once and is no output of the graph. */
  isPrivate: (value: string) => boolean;
}

/** Looks around in a graph as it is now. */
export function surroundingsOf(graph: Graph): Surroundings {
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const consumers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map((port) => port.value));
  return {
    producer: (value) => producers.get(value),
    isPrivate: (value) => {
      const readers = consumers.get(value) ?? [];
      const reads = readers.length === 1 &&
        readers[0].inputs.filter((input) => input === value).length === 1;
      return reads && !outputs.has(value);
    },
  };
}

/**
 * The graph with other nodes.
 *
 * @param aliases Values that are read instead of others, by the name of the other.
 */
export function replaceNodes(
  graph: Graph,
  nodes: readonly Node[],
  aliases: ReadonlyMap<string, string> = new Map(),
): Graph {
  if (aliases.size === 0) return { ...graph, nodes: [...nodes] };
  const resolved = new Map(aliases);
  const resolve = (name: string): string => {
    const passed: string[] = [];
    let current = name;
    for (let next = resolved.get(current); next !== undefined; next = resolved.get(current)) {
      passed.push(current);
      current = next;
    }
    for (const alias of passed) resolved.set(alias, current);
    return current;
  };
  return {
    ...graph,
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(resolve) })),
    outputs: graph.outputs.map((port) => ({ ...port, value: resolve(port.value) })),
  };
}
