/**
 * Which channels of a network's values must keep the same factor when the
 * values are scaled channel by channel.
 *
 * @module
 */

import type { Activation } from "../../runtime/activation.ts";
import type { BinaryNode, Graph, Node } from "../graph/graph.ts";
import { isLayer } from "../graph/layers.ts";

/** Channels of all values, those that must have the same factor brought together. */
export interface ChannelLinks {
  /** Number of channels over all values. */
  count: number;
  /** Index of the first channel of a value; channels are its last dimension. */
  first(value: string): number;
  /** Number of channels of a value. */
  channels(value: string): number;
  /** The channel that stands for all channels that share its factor. */
  root(channel: number): number;
  /** Whether a channel has to keep its factor of one. */
  isFixed(channel: number): boolean;
}

/** Activation functions with f(k x) = k f(x) for every k > 0, channel by channel. */
const HOMOGENEOUS: ReadonlySet<Activation["kind"]> = new Set(["identity", "relu", "leakyRelu", "prelu"]);

/** Activation functions that act as a gate: the other factor of a product may be scaled. */
const GATES: ReadonlySet<Activation["kind"]> = new Set(["sigmoid", "hardSigmoid"]);

/**
 * Links the channels of a graph's values.
 *
 * Layers with weights set the channels they read and make free, whatever else
 * is not positively homogeneous fixes them. Inputs, outputs and constants of
 * the network are fixed.
 *
 * @param graph Channels-last graph.
 */
export function linkChannels(graph: Graph): ChannelLinks {
  const firsts = new Map<string, number>();
  let count = 0;
  for (const { name, shape } of graph.values.values()) {
    firsts.set(name, count);
    count += lastOf(shape);
  }
  const parents = Int32Array.from({ length: count }, (_, index) => index);
  const fixed = new Uint8Array(count);
  const root = (channel: number): number => {
    while (parents[channel] !== channel) channel = parents[channel] = parents[parents[channel]];
    return channel;
  };
  const unite = (a: number, b: number) => {
    const [from, to] = [root(a), root(b)];
    parents[from] = to;
    fixed[to] |= fixed[from];
  };
  const channels = (value: string) => lastOf(graph.values.get(value)!.shape);
  const fix = (value: string) => {
    const start = firsts.get(value)!;
    for (let channel = start; channel < start + channels(value); channel++) fixed[root(channel)] = 1;
  };
  /** Gives channel k of `value` the factor of channel `from(k)` of `source`. */
  const follow = (value: string, source: string, from: (channel: number) => number = (channel) => channel) => {
    for (let channel = 0; channel < channels(value); channel++) {
      unite(firsts.get(value)! + channel, firsts.get(source)! + from(channel));
    }
  };

  for (const port of [...graph.inputs, ...graph.outputs]) fix(port.value);
  for (const value of graph.values.values()) if (value.data) fix(value.name);
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  for (const node of graph.nodes) {
    if ("activation" in node && !HOMOGENEOUS.has(node.activation.kind)) {
      fix(node.output);
      if (!isLayer(node)) node.inputs.forEach(fix);
      continue;
    }
    if (isLayer(node)) continue;
    if (!linkNode(node)) [...node.inputs, node.output].forEach(fix);
  }
  return {
    count,
    first: (value) => firsts.get(value)!,
    channels,
    root,
    isFixed: (channel) => fixed[root(channel)] === 1,
  };

  /** Links what a node without weights reads and makes; false where it allows no factors. */
  function linkNode(node: Node): boolean {
    const [input] = node.inputs;
    const shapeOf = (value: string) => graph.values.get(value)!.shape;
    const rank = shapeOf(input).length;
    switch (node.op) {
      case "activation":
      case "pool":
      case "resize":
      case "dilate":
        follow(node.output, input);
        return true;
      case "reduceMean":
        if (node.axes.includes(rank - 1)) return false;
        follow(node.output, input);
        return true;
      case "binary":
        return linkBinary(node);
      case "transpose":
        if (node.permutation[rank - 1] !== rank - 1) return false;
        follow(node.output, input);
        return true;
      case "reshape":
        if (channels(node.output) % channels(input) !== 0) return false;
        follow(node.output, input, (channel) => channel % channels(input));
        return true;
      case "slice": {
        const [start, step] = [node.starts[rank - 1], node.steps[rank - 1]];
        follow(node.output, input, (channel) => start + channel * step);
        return true;
      }
      case "pad":
        if (node.value !== 0 || node.before[rank - 1] !== 0 || node.after[rank - 1] !== 0) return false;
        follow(node.output, input);
        return true;
      case "concat":
        return linkConcat(node.inputs, node.output, node.axis === rank - 1);
      default:
        return false;
    }
  }

  function linkBinary(node: BinaryNode): boolean {
    const [a, b] = node.inputs;
    const gate = node.operation === "multiply" ? node.inputs.find(isGate) : undefined;
    if (gate !== undefined && a !== b) {
      const gated = gate === a ? b : a;
      if (channels(gated) !== channels(node.output)) return false;
      follow(node.output, gated);
      return true;
    }
    if (node.operation === "multiply" || node.operation === "divide") return false;
    if (channels(a) !== channels(node.output) || channels(b) !== channels(node.output)) return false;
    follow(node.output, a);
    follow(node.output, b);
    return true;
  }

  function isGate(value: string): boolean {
    const producer = producers.get(value);
    return producer !== undefined && "activation" in producer && GATES.has(producer.activation.kind);
  }

  function linkConcat(inputs: readonly string[], output: string, alongChannels: boolean): boolean {
    let offset = 0;
    for (const input of inputs) {
      const start = alongChannels ? offset : 0;
      for (let channel = 0; channel < channels(input); channel++) {
        unite(firsts.get(output)! + start + channel, firsts.get(input)! + channel);
      }
      offset += channels(input);
    }
    return true;
  }
}

function lastOf(shape: readonly number[]): number {
  return shape.length === 0 ? 1 : shape[shape.length - 1];
}
