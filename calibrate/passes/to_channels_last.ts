/**
 * Brings image values into the order [batch, height, width, channels].
 *
 * @module
 */

import { consumersOf, type FullyConnectedNode, type Graph, type Node } from "../graph/graph.ts";
import {
  addNode,
  CHANNELS_LAST,
  formOf,
  freshName,
  heldShape,
  hold,
  permute,
  primaryForm,
  type Relayout,
  sourceOrder,
} from "./layout.ts";
import { removeUnused } from "./remove_unused.ts";
import { planReshape } from "./reshape_order.ts";

/**
 * The graph with images in channels-last form.
 *
 * Dimensions keep whatever order their maker left them in until a node needs
 * another; only then is a transpose made. Transposes of the source network
 * thus cost nothing until then, a channel shuffle moves its two channel
 * dimensions only, and a flattened image reaches a fully connected layer
 * unmoved: the layer's columns are permuted instead.
 *
 * Inputs and outputs of the graph keep the source's order.
 */
export function toChannelsLast(graph: Graph): Graph {
  const layout: Relayout = {
    source: graph.values,
    nodes: [],
    values: new Map(),
    held: new Map(),
    primary: new Map(),
    columns: new Map(),
  };
  const hasImages = graph.nodes.some((node) => needsImage(node));
  for (const port of graph.inputs) placeInput(layout, port.value, hasImages);
  const consumers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map((port) => port.value));
  for (const node of graph.nodes) {
    const readers = outputs.has(node.output) ? [] : consumers.get(node.output) ?? [];
    placeNode(layout, node, readers);
  }
  const ports = graph.outputs.map((port) => {
    const order = sourceOrder(layout.source.get(port.value)!.shape.length);
    return { ...port, value: formOf(layout, port.value, order).name };
  });
  return removeUnused({ ...graph, outputs: ports, nodes: layout.nodes, values: layout.values });
}

function needsImage(node: Node): boolean {
  return node.op === "convolution" || node.op === "pool" || node.op === "resize" ||
    node.op === "dilate";
}

function placeInput(layout: Relayout, name: string, hasImages: boolean): void {
  const value = layout.source.get(name)!;
  layout.values.set(name, value);
  const given = { name, order: sourceOrder(value.shape.length) };
  if (hasImages && value.shape.length === 4) {
    const output = freshName(layout, `${name}/image`);
    const shape = heldShape(value.shape, CHANNELS_LAST);
    layout.values.set(output, { name: output, type: value.type, shape });
    const permutation = [...CHANNELS_LAST];
    layout.nodes.push({ op: "transpose", name, inputs: [name], output, permutation });
    hold(layout, name, { name: output, order: permutation });
  }
  hold(layout, name, given);
}

function placeNode(layout: Relayout, node: Node, readers: readonly Node[]): void {
  const rank = layout.source.get(node.output)!.shape.length;
  switch (node.op) {
    case "convolution":
    case "pool":
    case "resize":
    case "dilate":
      return place(layout, node, [...CHANNELS_LAST]);
    case "activation":
      return place(layout, node, node.slopes ? channelLast(rank) : orderOf(layout, node));
    case "binary":
      return placeBinary(layout, node);
    case "matMul":
      return placeMatMul(layout, node);
    case "fullyConnected":
      return placeFullyConnected(layout, node);
    case "concat": {
      const order = orderOf(layout, node);
      return place(layout, { ...node, axis: order.indexOf(node.axis) }, order);
    }
    case "softmax": {
      const order = orderOf(layout, node);
      return place(layout, { ...node, axis: order.indexOf(node.axis) }, order);
    }
    case "reduceMean": {
      const order = orderOf(layout, node);
      const axes = node.axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
      return place(layout, { ...node, axes }, order);
    }
    case "slice": {
      const order = orderOf(layout, node);
      const starts = heldShape(node.starts, order);
      return place(layout, { ...node, starts, steps: heldShape(node.steps, order) }, order);
    }
    case "pad": {
      const order = orderOf(layout, node);
      const before = heldShape(node.before, order);
      return place(layout, { ...node, before, after: heldShape(node.after, order) }, order);
    }
    case "transpose": {
      const from = primaryForm(layout, node.inputs[0]);
      const order = from.order.map((axis) => node.permutation.indexOf(axis));
      return hold(layout, node.output, { name: from.name, order });
    }
    case "reshape":
      return placeReshape(layout, node, readers);
  }
}

/** Adds a node that takes all its inputs, and makes its output, in one order. */
function place(layout: Relayout, node: Node, order: number[]): void {
  const inputs = node.inputs.map((input) => formOf(layout, input, order).name);
  addNode(layout, { ...node, inputs }, order);
}

/** The order in which the largest variable input is held. */
function orderOf(layout: Relayout, node: Node): number[] {
  const rank = layout.source.get(node.output)!.shape.length;
  let best = sourceOrder(rank);
  let most = 0;
  for (const input of node.inputs) {
    const value = layout.source.get(input)!;
    const size = value.shape.reduce((count, length) => count * length, 1);
    if (value.data || value.shape.length !== rank || size <= most) continue;
    best = primaryForm(layout, input).order;
    most = size;
  }
  return [...best];
}

function channelLast(rank: number): number[] {
  const order = sourceOrder(rank);
  return rank < 3 ? order : [...order.filter((axis) => axis !== 1), 1];
}

function placeBinary(layout: Relayout, node: Node): void {
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

function placeMatMul(layout: Relayout, node: Node): void {
  const inputs = node.inputs.map((input) => {
    const rank = layout.source.get(input)!.shape.length;
    return formOf(layout, input, sourceOrder(rank)).name;
  });
  addNode(layout, { ...node, inputs }, sourceOrder(layout.source.get(node.output)!.shape.length));
}

function placeFullyConnected(layout: Relayout, node: FullyConnectedNode): void {
  const [input] = node.inputs;
  const { order } = primaryForm(layout, input);
  const last = order.length - 1;
  const wanted = order[last] === last ? [...order] : sourceOrder(order.length);
  const columns = layout.columns.get(input);
  place(layout, columns ? permuteColumns(node, columns) : node, wanted);
}

function permuteColumns(node: FullyConnectedNode, columns: Int32Array): FullyConnectedNode {
  const [outputs, inputs] = node.weightShape;
  const weights = new Float32Array(node.weights.length);
  for (let row = 0; row < outputs; row++) {
    for (let column = 0; column < inputs; column++) {
      weights[row * inputs + column] = node.weights[row * inputs + columns[column]];
    }
  }
  return { ...node, weights };
}

function placeReshape(layout: Relayout, node: Node, readers: readonly Node[]): void {
  const [input] = node.inputs;
  const from = layout.source.get(input)!.shape;
  const to = layout.source.get(node.output)!.shape;
  const held = primaryForm(layout, input);
  const plan = planReshape(from, to, held.order);
  const moves = held.order.filter((axis) => from[axis] !== 1).join() !==
    plan.inputOrder.filter((axis) => from[axis] !== 1).join();
  const flattens = to.length === 2 && to[0] === 1 && to[1] !== 1;
  if (
    moves && flattens && readers.length > 0 &&
    readers.every((reader) => reader.op === "fullyConnected")
  ) {
    const natural = Int32Array.from({ length: to[1] }, (_, i) => i);
    layout.columns.set(node.output, permute(natural, from, held.order));
    return addNode(layout, { ...node, inputs: [held.name] }, [0, 1]);
  }
  const source = formOf(layout, input, plan.inputOrder);
  addNode(layout, { ...node, inputs: [source.name] }, plan.outputOrder);
}
