/**
 * Turns arithmetic with a constant per channel into parts of layers.
 *
 * @module
 */

import type { BinaryNode, ConvolutionNode, Graph, Node, Value } from "../graph/graph.ts";
import { channelAxis } from "../operators/images.ts";
import { operatorOf } from "../operators/operators.ts";
import { replaceNodes, surroundingsOf } from "./edit.ts";
import { scaleChannels } from "./fold_batch_normalization.ts";
import { removeUnused } from "./remove_unused.ts";

interface ChannelScale {
  scale: Float32Array;
  shift: Float32Array;
}

/**
 * The graph with x + c, x - c, c - x, x * c and x / c, where c is a constant
 * per channel or for all, folded into a preceding fully connected layer, or
 * made a depthwise 1x1 convolution of an image value.
 */
export function foldChannelArithmetic(graph: Graph): Graph {
  const { isPrivate } = surroundingsOf(graph);
  const made = new Map<string, Node>();
  for (const node of graph.nodes) {
    made.set(node.output, node);
    if (node.op !== "binary") continue;
    const input = node.inputs.find((name) => graph.values.get(name)!.data === undefined);
    if (input === undefined) continue;
    const { shape } = graph.values.get(input)!;
    const producer = made.get(input);
    if (producer?.op === "fullyConnected") {
      if (producer.activation.kind !== "identity" || !isPrivate(input)) continue;
      const axis = operatorOf(producer).parameterAxis(producer, shape.length, "channelsFirst")!;
      const scale = channelScale(node, graph, { input, axis });
      if (scale === undefined) continue;
      made.delete(input);
      made.set(node.output, { ...scaleChannels(producer, scale), output: node.output });
    } else if (shape.length === 4 && !(producer && isFloat(producer, graph))) {
      const scale = channelScale(node, graph, { input, axis: channelAxis("channelsFirst") });
      if (scale) made.set(node.output, depthwise(node, input, scale));
    }
  }
  return removeUnused(replaceNodes(graph, Array.from(made.values())));
}

/** Whether a node has no 8-bit kernel, so that nothing is won by a layer behind it. */
function isFloat(node: Node, graph: Graph): boolean {
  const { forms } = operatorOf(node);
  if (typeof forms === "string") return forms === "float";
  const isConstant = (value: string) => graph.values.get(value)!.data !== undefined;
  return forms(node, { needed: "u8", isConstant, isEightBit: () => true }).writes === "f32";
}

function depthwise(node: BinaryNode, input: string, scale: ChannelScale): ConvolutionNode {
  const channels = scale.scale.length;
  return {
    op: "convolution",
    name: node.name,
    inputs: [input],
    output: node.output,
    weights: scale.scale,
    weightShape: [channels, 1, 1, 1],
    bias: scale.shift,
    stride: [1, 1],
    dilation: [1, 1],
    pads: [0, 0, 0, 0],
    groups: channels,
    activation: node.activation,
  };
}

function channelScale(
  node: BinaryNode,
  graph: Graph,
  { input, axis }: { input: string; axis: number },
): ChannelScale | undefined {
  const first = node.inputs[0] === input;
  const { shape } = graph.values.get(input)!;
  const constant = graph.values.get(node.inputs[first ? 1 : 0])!;
  const values = perChannel(constant, shape, axis);
  if (values === undefined) return undefined;
  const all = (value: number): Float32Array => new Float32Array(values.length).fill(value);
  switch (node.operation) {
    case "add":
      return { scale: all(1), shift: values };
    case "subtract":
      return first ? { scale: all(1), shift: values.map((value) => -value) } : { scale: all(-1), shift: values };
    case "multiply":
      return { scale: values, shift: all(0) };
    case "divide":
      if (!first || values.some((value) => !Number.isFinite(Math.fround(1 / value)))) {
        return undefined;
      }
      return { scale: values.map((value) => 1 / value), shift: all(0) };
    default:
      return undefined;
  }
}

/** The elements of a constant along one axis of a shape, where it is one number along all others. */
function perChannel(constant: Value, shape: number[], axis: number): Float32Array | undefined {
  const { data } = constant;
  const missing = shape.length - constant.shape.length;
  if (data === undefined || missing < 0) return undefined;
  const channels = shape[axis];
  if (data.length === 1) return new Float32Array(channels).fill(data[0]);
  const fits = constant.shape.every((length, i) => length === (i + missing === axis ? channels : 1));
  return fits ? data : undefined;
}
