/**
 * Brings image values into the order [batch, height, width, channels].
 *
 * @module
 */

import { consumersOf, type Graph } from "../graph/graph.ts";
import { CHANNELS_LAST, formOf, freshName, heldShape, hold, type Relayout, sourceOrder } from "../graph/relayout.ts";
import { operatorOf } from "../operators/operators.ts";
import { removeUnused } from "./remove_unused.ts";

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
  const hasImages = graph.nodes.some((node) => operatorOf(node).readsImages);
  for (const port of graph.inputs) placeInput(layout, port.value, hasImages);
  const consumers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map((port) => port.value));
  for (const node of graph.nodes) {
    const readers = outputs.has(node.output) ? [] : consumers.get(node.output) ?? [];
    operatorOf(node).relayout(layout, node, readers);
  }
  const ports = graph.outputs.map((port) => {
    const order = sourceOrder(layout.source.get(port.value)!.shape.length);
    return { ...port, value: formOf(layout, port.value, order).name };
  });
  return removeUnused({ ...graph, outputs: ports, nodes: layout.nodes, values: layout.values });
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
