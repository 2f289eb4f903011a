/**
 * Values that broadcast to each other, while a graph is brought into
 * channels-last form.
 *
 * @module
 */

import type { Node } from "./graph.ts";
import { addNode, formOf, freshName, heldShape, orderOf, type Relayout } from "./relayout.ts";

/** Adds a node whose inputs broadcast to its output, in the order in which its largest input is held. */
export function placeBroadcast(layout: Relayout, node: Node): void {
  const order = orderOf(layout, node);
  const inputs = node.inputs.map((input) => {
    const missing = order.length - layout.source.get(input)!.shape.length;
    return missing === 0 ? formOf(layout, input, order).name : raise(layout, input, order);
  });
  addNode(layout, { ...node, inputs }, order);
}

/** A value of lower rank with leading dimensions of length 1, held in an order. */
function raise(layout: Relayout, input: string, order: number[]): string {
  const value = layout.source.get(input)!;
  const missing = order.length - value.shape.length;
  const ownOrder = order.filter((axis) => axis >= missing).map((axis) => axis - missing);
  const form = formOf(layout, input, ownOrder);
  if (order.every((axis, i) => axis === i)) return form.name;
  const full = [...new Array<number>(missing).fill(1), ...value.shape];
  const name = freshName(layout, `${input}/raised`);
  const shape = heldShape(full, order);
  const made = { ...layout.values.get(form.name)!, name, shape };
  layout.values.set(name, made);
  if (!value.data) {
    layout.nodes.push({ op: "reshape", name: input, inputs: [form.name], output: name });
  }
  return name;
}
