/**
 * Removes expansions that the functions which read them would make themselves.
 *
 * @module
 */

import { consumersOf, type Graph, type Node } from "../graph/graph.ts";
import { sameShape } from "../graph/shape.ts";
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
    const unchanged = haveSameShape(graph, source, node.output);
    const readers = consumers.get(node.output) ?? [];
    if (!unchanged && !readers.every((reader) => broadcasts(reader, node.output, { graph, aliases }))) return true;
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

/** Whether a reader's other input, as it will then be read, has the shape of the result on its own. */
function broadcasts(
  reader: Node,
  input: string,
  { graph, aliases }: { graph: Graph; aliases: ReadonlyMap<string, string> },
): boolean {
  if (reader.op !== "binary") return false;
  const other = reader.inputs.find((name) => name !== input);
  if (other === undefined) return false;
  let read = other;
  for (let next = aliases.get(read); next !== undefined; next = aliases.get(read)) read = next;
  return haveSameShape(graph, read, reader.output);
}

function haveSameShape(graph: Graph, a: string, b: string): boolean {
  return sameShape(graph.values.get(a)!.shape, graph.values.get(b)!.shape);
}
