/**
 * Cross-layer equalisation: channels that a layer makes are divided by factors
 * with which the layers that read them multiply their weights.
 *
 * The network computes what it did. What changes is how evenly the channels of
 * a tensor fill the range that one scale has to cover.
 *
 * @module
 */

import { activationTraits } from "../graph/activations.ts";
import type { ChannelLinks } from "../graph/channel_links.ts";
import type { FoldedNormalization, Graph, Node } from "../graph/graph.ts";
import { groupsOf, isLayer, type LayerNode, layersOf } from "../graph/layers.ts";
import { linkChannels } from "./channel_links.ts";

/** Factors stay within its inverse and it. */
const LARGEST_FACTOR = 64;
/** Most rounds over all channels. */
const ROUNDS = 20;
/** A round that changes no factor by more than this share is the last. */
const TOLERANCE = 0.01;
/** Standard deviations from the mean that a normalised channel is taken to reach. */
const DEVIATIONS = 3;
/** Share of a layer's largest range below which a channel counts as dead and is left alone. */
const DEAD_SHARE = 1e-6;

/** An equalised graph. */
export interface Equalized {
  graph: Graph;
  /** Number of channels whose factor is not one. */
  channels: number;
}

/** A layer's weights as magnitudes, with the places of its channels. */
interface Magnitudes {
  layer: LayerNode;
  /** Largest magnitude over a kernel's positions, [outputs, inputs / groups]. */
  largest: Float64Array;
  inputs: number;
  groups: number;
  /** First channel of the layer's input and output among all channels. */
  from: number;
  to: number;
  /** Largest range of a channel made, and of one read, before equalisation. */
  made: number;
  read: number;
}

/** An output or input channel of a layer. */
interface Place {
  layer: Magnitudes;
  index: number;
}

/**
 * Equalises a graph as far as activation functions are positively homogeneous
 * (identity, ReLU, LeakyReLU, PReLU, and Clip with limits that are never
 * reached, which are widened): elsewhere a factor would change the function.
 *
 * A channel's range, as made, is |beta| + 3 |gamma| of the BatchNormalization
 * that makes it, or else its largest weight; as read, its largest weight. Both
 * are taken as shares of their layer's largest. The factor that makes them
 * equal is the square root of their ratio, between 1/64 and 64. Channels that
 * are added, gated or joined share one.
 *
 * @param graph Channels-last graph.
 * @returns A graph of the same function up to rounding.
 */
export function equalizeLayers(graph: Graph): Equalized {
  const links = linkChannels(graph);
  const factors = new Float64Array(links.count).fill(1);
  const factorOf = (channel: number) => factors[links.root(channel)];
  const layers = layersOf(graph).map((layer) => magnitudesOf(layer, links));
  for (const layer of layers) {
    layer.made = largestOf(layer.layer.weightShape[0], (index) => madeRange({ layer, index }, factorOf));
    layer.read = largestOf(links.channels(layer.layer.inputs[0]), (index) => readRange({ layer, index }, factorOf));
  }
  const sets = channelSets(layers, links);
  for (let round = 0, change = Infinity; round < ROUNDS && change > TOLERANCE; round++) {
    change = 0;
    for (const [root, { made, read }] of sets) {
      const ratio = largestShare(made, (place) => madeRange(place, factorOf) / place.layer.made) /
        largestShare(read, (place) => readRange(place, factorOf) / place.layer.read);
      if (!(ratio > DEAD_SHARE && ratio < 1 / DEAD_SHARE)) continue;
      const factor = Math.min(LARGEST_FACTOR, Math.max(1 / LARGEST_FACTOR, factors[root] * Math.sqrt(ratio)));
      change = Math.max(change, Math.abs(factor / factors[root] - 1));
      factors[root] = factor;
    }
  }
  const nodes = graph.nodes.map((node) => {
    const scaled = isLayer(node) ? scaleLayer(node, links, factorOf) : node;
    return changesFactor(node, links, factorOf) ? widenActivation(scaled) : scaled;
  });
  const channels = [...sets.keys()].filter((root) => factors[root] !== 1).length;
  return { graph: { ...graph, nodes }, channels };
}

/** Whether the channels that a node makes have factors other than one. */
function changesFactor(node: Node, links: ChannelLinks, factorOf: (channel: number) => number): boolean {
  const first = links.first(node.output);
  for (let index = 0; index < links.channels(node.output); index++) if (factorOf(first + index) !== 1) return true;
  return false;
}

/** The node with its activation function as it is for scaled channels. */
function widenActivation<N extends Node>(node: N): N {
  if (!("activation" in node)) return node;
  const activation = activationTraits(node.activation).ofScaled(node.activation, LARGEST_FACTOR);
  return activation ? { ...node, activation } : node;
}

function magnitudesOf(layer: LayerNode, links: ChannelLinks): Magnitudes {
  const [outputs, inputs] = layer.weightShape;
  const taps = layer.weights.length / (outputs * inputs);
  const largest = new Float64Array(outputs * inputs);
  layer.weights.forEach((weight, index) => {
    const kernel = Math.floor(index / taps);
    largest[kernel] = Math.max(largest[kernel], Math.abs(weight));
  });
  const groups = groupsOf(layer);
  const [from, to] = [links.first(layer.inputs[0]), links.first(layer.output)];
  return { layer, largest, inputs, groups, from, to, made: 1, read: 1 };
}

/** Range of an output channel with the factors as they are. */
function madeRange({ layer, index }: Place, factorOf: (channel: number) => number): number {
  const own = factorOf(layer.to + index);
  const { normalization } = layer.layer;
  if (normalization) {
    return (Math.abs(normalization.beta[index]) + DEVIATIONS * Math.abs(normalization.gamma[index])) / own;
  }
  const first = layer.from + Math.floor(index * layer.groups / layer.layer.weightShape[0]) * layer.inputs;
  return largestOf(
    layer.inputs,
    (input) => layer.largest[index * layer.inputs + input] * factorOf(first + input),
  ) / own;
}

/** Largest weight that an input channel meets, with the factors as they are. */
function readRange({ layer, index }: Place, factorOf: (channel: number) => number): number {
  const outputs = layer.layer.weightShape[0] / layer.groups;
  const first = Math.floor(index / layer.inputs) * outputs;
  const input = index % layer.inputs;
  return largestOf(
    outputs,
    (output) => layer.largest[(first + output) * layer.inputs + input] / factorOf(layer.to + first + output),
  ) * factorOf(layer.from + index);
}

/** The sets of channels that share a factor and may have one: where each is made and read. */
function channelSets(
  layers: readonly Magnitudes[],
  links: ChannelLinks,
): Map<number, { made: Place[]; read: Place[] }> {
  const sets = new Map<number, { made: Place[]; read: Place[] }>();
  const add = (side: "made" | "read", channel: number, place: Place) => {
    if (links.isFixed(channel)) return;
    const root = links.root(channel);
    if (!sets.has(root)) sets.set(root, { made: [], read: [] });
    sets.get(root)![side].push(place);
  };
  for (const layer of layers) {
    for (let index = 0; index < links.channels(layer.layer.inputs[0]); index++) {
      add("read", layer.from + index, { layer, index });
    }
    for (let index = 0; index < layer.layer.weightShape[0]; index++) add("made", layer.to + index, { layer, index });
  }
  return new Map([...sets].filter(([, { made, read }]) => made.length > 0 && read.length > 0));
}

function largestShare(places: readonly Place[], share: (place: Place) => number): number {
  return largestOf(places.length, (index) => share(places[index]));
}

function largestOf(count: number, value: (index: number) => number): number {
  let largest = 0;
  for (let index = 0; index < count; index++) largest = Math.max(largest, value(index));
  return largest;
}

function scaleLayer(layer: LayerNode, links: ChannelLinks, factorOf: (channel: number) => number): LayerNode {
  const [outputs, inputs] = layer.weightShape;
  const taps = layer.weights.length / (outputs * inputs);
  const groups = groupsOf(layer);
  const [from, to] = [links.first(layer.inputs[0]), links.first(layer.output)];
  const divide = (values: Float32Array) => values.map((value, index) => value / factorOf(to + index));
  const weights = layer.weights.map((weight, index) => {
    const output = Math.floor(index / (inputs * taps));
    const input = Math.floor(output * groups / outputs) * inputs + Math.floor(index / taps) % inputs;
    return weight * factorOf(from + input) / factorOf(to + output);
  });
  const { normalization } = layer;
  const said: FoldedNormalization | undefined = normalization && {
    ...normalization,
    gamma: divide(normalization.gamma),
    beta: divide(normalization.beta),
  };
  return { ...layer, weights, bias: divide(layer.bias), ...(said && { normalization: said }) };
}
