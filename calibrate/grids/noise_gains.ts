/**
 * How much of an error of each channel arrives at the network's outputs.
 *
 * @module
 */

import { elementCount } from "../../runtime/tensor.ts";
import type { Activation } from "../../runtime/activation.ts";
import type { ChannelLinks } from "../graph/channel_links.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { fourDimensions, groupsOf, isLayer, type LayerNode } from "../graph/layers.ts";
import { CHANNEL_BINS, type ChannelHistograms } from "../observe/channel_histograms.ts";

/**
 * The variance of the outputs' elements that independent errors of variance 1
 * in all elements of a channel cause, for each channel of each value: what
 * layers make of them is the sum of squared weights, times the mean square of the
 * slope of their activation function, means divide them by the number of
 * elements, all other functions are taken to pass them on.
 *
 * @param seen What was seen of each channel of the values that are computed.
 */
export function noiseGains(
  graph: Graph,
  links: ChannelLinks,
  seen: ReadonlyMap<string, ChannelHistograms>,
): Map<string, Float64Array> {
  const gains = new Map<string, Float64Array>();
  const gainsOf = (value: string) => {
    const known = gains.get(value) ?? new Float64Array(links.channels(value));
    gains.set(value, known);
    return known;
  };
  for (const { value } of graph.outputs) gainsOf(value).fill(1);
  for (const node of graph.nodes.toReversed()) {
    const made = beforeActivation(node, gainsOf(node.output), seen.get(node.output));
    for (const input of node.inputs) {
      const read = gainsOf(input);
      if (isLayer(node)) addLayer(node, made, read);
      else addOther(node, made, { input, read, graph, links });
    }
  }
  return gains;
}

/** The gains of errors before a node's activation function. */
function beforeActivation(node: Node, gains: Float64Array, seen: ChannelHistograms | undefined): Float64Array {
  if (!seen || !("activation" in node)) return gains;
  const { activation } = node;
  const slopes = "slopes" in node ? node.slopes : undefined;
  return gains.map((gain, channel) => {
    const slope = slopes?.[channel] ?? slopeBelowZero(activation);
    const counts = seen.positive.subarray(channel * CHANNEL_BINS, (channel + 1) * CHANNEL_BINS);
    const above = counts.reduce((sum, count) => sum + count, 0) / seen.count;
    return gain * (above + (1 - above) * slope * slope);
  });
}

/** The slope of an activation function below zero; 1 where it is not a line from there on. */
function slopeBelowZero(activation: Activation): number {
  if (activation.kind === "leakyRelu") return activation.alpha;
  return activation.kind === "relu" || (activation.kind === "clip" && activation.min === 0) ? 0 : 1;
}

function addLayer(layer: LayerNode, made: Float64Array, read: Float64Array): void {
  eachWeight(layer, (weight, output, input) => read[input] += weight * weight * made[output]);
}

/** Calls `visit(weight, output channel, input channel)` for each weight of a layer. */
export function eachWeight(
  layer: LayerNode,
  visit: (weight: number, output: number, input: number, index: number) => void,
): void {
  const [outputs, inputs, height, width] = fourDimensions(layer);
  const taps = height * width;
  const perGroup = outputs / groupsOf(layer);
  let index = 0;
  for (let output = 0; output < outputs; output++) {
    const first = Math.floor(output / perGroup) * inputs;
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < taps; tap++, index++) visit(layer.weights[index], output, first + input, index);
    }
  }
}

/** Channels that follow each other have the same root; where none do, an error goes to all alike. */
function addOther(
  node: Node,
  made: Float64Array,
  { input, read, graph, links }: { input: string; read: Float64Array; graph: Graph; links: ChannelLinks },
): void {
  const count = (value: string) => elementCount(graph.values.get(value)!.shape);
  const averages = node.op === "reduceMean" || (node.op === "pool" && node.reduction === "average");
  const share = averages ? Math.min(1, count(node.output) / count(input)) : 1;
  const byRoot = new Map<number, number>();
  made.forEach((gain, channel) => {
    const root = links.root(links.first(node.output) + channel);
    byRoot.set(root, (byRoot.get(root) ?? 0) + gain);
  });
  const followers = Array.from(read, (_, channel) => byRoot.get(links.root(links.first(input) + channel)));
  const linked = followers.some((gain) => gain !== undefined);
  const mean = made.reduce((sum, gain) => sum + gain, 0) / made.length;
  followers.forEach((gain, channel) => read[channel] += (linked ? gain ?? 0 : mean) * share);
}
