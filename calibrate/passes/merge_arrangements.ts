/**
 * Merges reshapes with reshapes, transposes with transposes and slices with
 * slices, and removes those that change nothing.
 *
 * @module
 */

import type { Graph, Node } from "../graph/graph.ts";
import { replaceNodes } from "./edit.ts";
import { removeUnused } from "./remove_unused.ts";

/** The graph with chains of reshapes, of transposes and of slices merged and cancelled. */
export function mergeArrangements(graph: Graph): Graph {
  const aliases = new Map<string, string>();
  const made = new Map<string, Node>();
  const produced = new Set(graph.nodes.map((node) => node.output));
  const outputs = new Set(graph.outputs.map((port) => port.value));
  const nodes: Node[] = [];
  for (const original of graph.nodes) {
    const node = mergeWithProducer(
      { ...original, inputs: original.inputs.map((input) => aliases.get(input) ?? input) },
      made,
    );
    const source = node.inputs[0];
    if (changesNothing(node, graph) && (produced.has(source) || !outputs.has(node.output))) {
      aliases.set(node.output, source);
    } else {
      made.set(node.output, node);
      nodes.push(node);
    }
  }
  return removeUnused(replaceNodes(graph, nodes, aliases));
}

function mergeWithProducer(node: Node, made: ReadonlyMap<string, Node>): Node {
  if (node.op !== "reshape" && node.op !== "transpose" && node.op !== "slice") return node;
  const before = made.get(node.inputs[0]);
  if (before?.op !== node.op) return node;
  if (node.op === "transpose" && before.op === "transpose") {
    const permutation = node.permutation.map((axis) => before.permutation[axis]);
    return { ...node, inputs: before.inputs, permutation };
  }
  if (node.op === "slice" && before.op === "slice") {
    const starts = node.starts.map((start, i) => before.starts[i] + start * before.steps[i]);
    const steps = node.steps.map((step, i) => step * before.steps[i]);
    return { ...node, inputs: before.inputs, starts, steps };
  }
  return { ...node, inputs: before.inputs };
}

function changesNothing(node: Node, graph: Graph): boolean {
  if (node.op === "transpose") return node.permutation.every((axis, i) => axis === i);
  if (node.op !== "reshape") return false;
  const from = graph.values.get(node.inputs[0])!.shape;
  const to = graph.values.get(node.output)!.shape;
  return from.length === to.length && from.every((length, i) => length === to[i]);
}
