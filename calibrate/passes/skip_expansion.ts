/**
 * Removes expansions that the functions which read them would make themselves.
 *
 * @module
 */

import { type BinaryNode, consumersOf, type Graph, type Node } from "../graph/graph.ts";
import { replaceNodes } from "./edit.ts";
import { removeUnused } from "./remove_unused.ts";

/**
 * The graph without products with ones, where their readers broadcast
 * themselves or the shape is unchanged.
 */
export function skipExpansion(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map((port) => port.value));
  const aliases = new Map<string, string>();
  const nodes = graph.nodes.filter((node) => {
    const source = expanded(node, graph);
    if (source === undefined || outputs.has(node.output)) return true;
    const unchanged = sameShape(graph, source, node.output);
    const readers = consumers.get(node.output) ?? [];
    if (!unchanged && !readers.every((reader) => broadcasts(reader, node.output, graph))) return true;
    aliases.set(node.output, source);
    return false;
  });
  return removeUnused(replaceNodes(graph, nodes, aliases));
}

function expanded(node: Node, graph: Graph): string | undefined {
  if (node.op !== "binary" || node.operation !== "multiply") return undefined;
  if (node.activation.kind !== "identity") return undefined;
  const at = node.inputs.findIndex((name) => graph.values.get(name)!.data?.every((element) => element === 1));
  return at < 0 ? undefined : node.inputs[1 - at];
}

function broadcasts(reader: Node, input: string, graph: Graph): reader is BinaryNode {
  if (reader.op !== "binary") return false;
  const other = reader.inputs.find((name) => name !== input);
  return other !== undefined && sameShape(graph, other, reader.output);
}

function sameShape(graph: Graph, a: string, b: string): boolean {
  const [left, right] = [graph.values.get(a)!.shape, graph.values.get(b)!.shape];
  return left.length === right.length && left.every((length, i) => length === right[i]);
}
