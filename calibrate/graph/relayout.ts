/**
 * Values whose dimensions are held in an order of their own, while a graph is
 * brought into channels-last form.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { ConcatNode, CumulativeSumNode, Node, ReduceMeanNode, ReduceNode, SoftmaxNode, Value } from "./graph.ts";
import { stridesOf } from "./shape.ts";

/** A value of the source graph and how the new graph holds it. */
export interface Held {
  /** Name of the value in the new graph. */
  name: string;
  /** The source's dimensions in the order in which they are held, from the outermost. */
  order: number[];
}

/** The new graph under construction. */
export interface Relayout {
  /** Values of the source graph. */
  source: ReadonlyMap<string, Value>;
  nodes: Node[];
  values: Map<string, Value>;
  /** How values of the source are held, by name and then by order. */
  held: Map<string, Map<string, Held>>;
  /** The form in which each value was first made. */
  primary: Map<string, Held>;
  /** For inputs of fully connected layers: the source's column that each held column is. */
  columns: Map<string, Int32Array>;
}

/** The order of a value of a given rank as the source network has it. */
export function sourceOrder(rank: number): number[] {
  return Array.from({ length: rank }, (_, i) => i);
}

/** The order of images: batch, height, width, channels. */
export const CHANNELS_LAST: readonly number[] = [0, 2, 3, 1];

/** Shape of a source value when held in an order. */
export function heldShape(shape: readonly number[], order: readonly number[]): number[] {
  return order.map((axis) => shape[axis]);
}

/** Notes how a value is held. */
export function hold(layout: Relayout, source: string, held: Held): void {
  let forms = layout.held.get(source);
  if (!forms) layout.held.set(source, forms = new Map());
  forms.set(held.order.join(), held);
  if (!layout.primary.has(source)) layout.primary.set(source, held);
}

/** The form in which a value was first made; constants are in source order. */
export function primaryForm(layout: Relayout, source: string): Held {
  const held = layout.primary.get(source);
  if (held) return held;
  const value = layout.source.get(source)!;
  const constant = { name: source, order: sourceOrder(value.shape.length) };
  layout.values.set(source, value);
  hold(layout, source, constant);
  return constant;
}

/** The value held in an order, rearranged where it is not yet. */
export function formOf(layout: Relayout, source: string, order: readonly number[]): Held {
  const from = primaryForm(layout, source);
  const existing = layout.held.get(source)!.get(order.join());
  if (existing) return existing;
  const value = layout.source.get(source)!;
  const permutation = order.map((axis) => from.order.indexOf(axis));
  const shape = heldShape(value.shape, order);
  const name = freshName(layout, `${source}/${order.join("")}`);
  const made: Value = { name, type: value.type, shape };
  if (value.data) {
    made.data = permute(value.data, heldShape(value.shape, from.order), permutation);
  } else {
    const isReshape = permutation.filter((i) => value.shape[from.order[i]] !== 1)
      .every((axis, i, all) => i === 0 || all[i - 1] < axis);
    const base = { name: source, inputs: [from.name], output: name };
    layout.nodes.push(
      isReshape ? { op: "reshape", ...base } : { op: "transpose", ...base, permutation },
    );
  }
  layout.values.set(name, made);
  const held = { name, order: [...order] };
  hold(layout, source, held);
  return held;
}

/** A name that no value of either graph has. */
export function freshName(layout: Relayout, wanted: string): string {
  let name = wanted;
  for (let i = 2; layout.values.has(name) || layout.source.has(name); i++) name = `${wanted}/${i}`;
  return name;
}

/** Adds a node that makes a source value held in an order. */
export function addNode(layout: Relayout, node: Node, order: number[]): void {
  const value = layout.source.get(node.output)!;
  layout.values.set(node.output, {
    name: node.output,
    type: value.type,
    shape: heldShape(value.shape, order),
  });
  layout.nodes.push(node);
  hold(layout, node.output, { name: node.output, order });
}

/** Elements of a shape in the order that a permutation of its dimensions gives them. */
export function permute<A extends Float32Array | Int32Array>(
  data: A,
  shape: readonly number[],
  permutation: readonly number[],
): A {
  const strides = stridesOf(shape);
  const lengths = permutation.map((axis) => shape[axis]);
  const steps = permutation.map((axis) => strides[axis]);
  const index = lengths.map(() => 0);
  const result = data.slice() as A;
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from];
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < lengths[axis]) break;
      from -= steps[axis] * lengths[axis];
      index[axis] = 0;
    }
  }
  return result;
}

/** Adds a node that takes all its inputs, and makes its output, in one order. */
export function place(layout: Relayout, node: Node, order: number[]): void {
  const inputs = node.inputs.map((input) => formOf(layout, input, order).name);
  addNode(layout, { ...node, inputs }, order);
}

/** The order in which the largest variable input of a node is held. */
export function orderOf(layout: Relayout, node: Node): number[] {
  const rank = layout.source.get(node.output)!.shape.length;
  let best = sourceOrder(rank);
  let most = 0;
  for (const input of node.inputs) {
    const value = layout.source.get(input)!;
    const size = elementCount(value.shape);
    if (value.data || value.shape.length !== rank || size <= most) continue;
    best = primaryForm(layout, input).order;
    most = size;
  }
  return [...best];
}

/** Adds a node that works along one axis, in the order in which its largest input is held. */
export function placeAlongAxis(layout: Relayout, node: ConcatNode | SoftmaxNode | CumulativeSumNode): void {
  const order = orderOf(layout, node);
  place(layout, { ...node, axis: order.indexOf(node.axis) }, order);
}

/** Adds a node that works across axes, in the order in which its input is held. */
export function placeAcrossAxes(layout: Relayout, node: ReduceMeanNode | ReduceNode): void {
  const order = orderOf(layout, node);
  const axes = node.axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
  place(layout, { ...node, axes }, order);
}

/** Adds a node of images, which takes and makes them in channels-last form. */
export function placeImages(layout: Relayout, node: Node): void {
  place(layout, node, [...CHANNELS_LAST]);
}

/** Adds a node that takes its inputs, and makes its output, in the order of the source network. */
export function placeInSourceOrder(layout: Relayout, node: Node): void {
  const inputs = node.inputs.map((input) => {
    const rank = layout.source.get(input)!.shape.length;
    return formOf(layout, input, sourceOrder(rank)).name;
  });
  addNode(layout, { ...node, inputs }, sourceOrder(layout.source.get(node.output)!.shape.length));
}
