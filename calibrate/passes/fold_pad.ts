/**
 * Makes padding part of the convolution or pool that follows it.
 *
 * @module
 */

import type { Graph, Node, PadNode } from "../graph/graph.ts";
import { replaceNodes, surroundingsOf } from "./edit.ts";
import { removeUnused } from "./remove_unused.ts";

/** The graph with spatial padding folded into the one convolution or pool that reads it. */
export function foldPad(graph: Graph): Graph {
  const { isPrivate } = surroundingsOf(graph);
  const made = new Map<string, Node>();
  for (const node of graph.nodes) {
    const pad = made.get(node.inputs[0]);
    const folded = pad?.op === "pad" && isSpatial(pad) && isPrivate(pad.output) ? fold(pad, node) : undefined;
    if (folded) made.delete(pad!.output);
    made.set(node.output, folded ?? node);
  }
  return removeUnused(replaceNodes(graph, Array.from(made.values())));
}

function isSpatial({ before, after }: PadNode): boolean {
  return before.length === 4 && [0, 1].every((axis) => before[axis] === 0 && after[axis] === 0);
}

function fold(pad: PadNode, node: Node): Node | undefined {
  if (node.op !== "convolution" && node.op !== "pool") return undefined;
  const added = [pad.before[2], pad.before[3], pad.after[2], pad.after[3]];
  const [top, left, bottom, right] = node.pads.map((amount, i) => amount + added[i]);
  const pads: [number, number, number, number] = [top, left, bottom, right];
  const changed = { inputs: pad.inputs, pads };
  if (node.op === "convolution") return pad.value === 0 ? { ...node, ...changed } : undefined;
  const reach = node.kernel.map((size, i) => node.dilation[i] * (size - 1) + 1);
  if (pads.some((amount, i) => amount >= reach[i % 2])) return undefined;
  if (node.reduction === "max") {
    return pad.value === -Infinity ? { ...node, ...changed } : undefined;
  }
  const counts = node.countIncludePad || node.pads.every((amount) => amount === 0);
  return pad.value === 0 && counts ? { ...node, ...changed, countIncludePad: true } : undefined;
}
