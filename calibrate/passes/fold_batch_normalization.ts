/**
 * Folds factors and summands per channel (depthwise 1x1 convolutions, which
 * stand for BatchNormalization and for arithmetic with constants) into the
 * layer before.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { ConvolutionNode, FoldedNormalization, Graph, Node } from "../graph/graph.ts";
import { isLayer, type LayerNode } from "../graph/layers.ts";
import type { Shape } from "../graph/shape.ts";
import { channelAxis } from "../operators/images.ts";
import { operatorOf } from "../operators/operators.ts";
import { replaceNodes, surroundingsOf } from "./edit.ts";
import { removeUnused } from "./remove_unused.ts";

/**
 * The graph with per-channel scales folded into the convolution or fully
 * connected layer that makes their input for them alone.
 *
 * A layer that takes a BatchNormalization in keeps what it said as
 * `normalization`; one on its own stays a depthwise convolution without.
 *
 * @param normalizations What BatchNormalizations said, by the value they make.
 */
export function foldBatchNormalization(
  graph: Graph,
  normalizations: ReadonlyMap<string, FoldedNormalization>,
): Graph {
  const { isPrivate } = surroundingsOf(graph);
  const made = new Map<string, Node>();
  for (const node of graph.nodes) {
    made.set(node.output, node);
    if (!isChannelScale(node)) continue;
    const via = made.get(node.inputs[0]);
    if (via === undefined || !isPrivate(via.output)) continue;
    const said = normalizations.get(node.output);
    if (isPlainLayer(via) && parameterAxis(graph, via) === CHANNEL_AXIS) {
      made.delete(via.output);
      made.set(node.output, { ...scaleLayer(via, node, said), output: node.output });
      continue;
    }
    const layer = via.op === "reshape" ? made.get(via.inputs[0]) : undefined;
    if (layer?.op !== "fullyConnected" || !isPlainLayer(layer) || !isPrivate(layer.output)) continue;
    const [from, to] = [layer.output, via.output].map((name) => graph.values.get(name)!.shape);
    const along = { shape: from, axis: parameterAxis(graph, layer)! };
    if (!staysThroughReshape(along, { shape: to, axis: CHANNEL_AXIS })) continue;
    made.set(layer.output, scaleLayer(layer, node, said));
    made.delete(via.output);
    made.set(node.output, { ...via, output: node.output });
  }
  return removeUnused(replaceNodes(graph, Array.from(made.values())));
}

/** Whether a node is a factor and a summand per channel and nothing else. */
function isChannelScale(node: Node): node is ConvolutionNode {
  return node.op === "convolution" && node.weightShape.slice(1).every((length) => length === 1) &&
    node.groups === node.weightShape[0] && node.stride.every((step) => step === 1) &&
    node.pads.every((pad) => pad === 0);
}

/** The dimension of images along which factors per channel run before the graph is brought into channels-last form. */
const CHANNEL_AXIS = channelAxis("channelsFirst");

/** The dimension of a layer's result along which its parameters run. */
function parameterAxis(graph: Graph, layer: LayerNode): number | undefined {
  const rank = graph.values.get(layer.output)!.shape.length;
  return operatorOf(layer).parameterAxis(layer, rank, "channelsFirst");
}

/** Whether a dimension of a value and one of the value reshaped hold the same elements at each index. */
function staysThroughReshape(before: { shape: Shape; axis: number }, after: { shape: Shape; axis: number }): boolean {
  const outer = ({ shape, axis }: { shape: Shape; axis: number }) => elementCount(shape.slice(0, axis));
  return before.shape[before.axis] === after.shape[after.axis] && outer(before) === outer(after);
}

function isPlainLayer(node: Node): node is LayerNode {
  return isLayer(node) && node.activation.kind === "identity";
}

function scaleLayer(
  layer: LayerNode,
  scale: ConvolutionNode,
  said: FoldedNormalization | undefined,
): LayerNode {
  const { activation, slopes } = scale;
  const scaled = scaleChannels(layer, { scale: scale.weights, shift: scale.bias });
  return {
    ...scaled,
    activation,
    ...(slopes && { slopes }),
    ...(said && { normalization: said }),
  };
}

/** The layer with its outputs multiplied and shifted per channel. */
export function scaleChannels<L extends LayerNode>(
  layer: L,
  { scale, shift }: { scale: Float32Array; shift: Float32Array },
): L {
  const outputs = layer.weightShape[0];
  const perOutput = layer.weights.length / outputs;
  const weights = new Float32Array(layer.weights.length);
  for (let i = 0; i < weights.length; i++) {
    weights[i] = layer.weights[i] * scale[Math.floor(i / perOutput)];
  }
  const bias = layer.bias.map((value, i) => value * scale[i] + shift[i]);
  const said = layer.normalization;
  const normalization = said && {
    ...said,
    gamma: said.gamma.map((value, i) => value * scale[i]),
    beta: said.beta.map((value, i) => value * scale[i] + shift[i]),
  };
  return { ...layer, weights, bias, ...(normalization && { normalization }) };
}
