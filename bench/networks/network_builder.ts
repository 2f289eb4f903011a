/**
 * Building of networks with random weights.
 *
 * @module
 */

import { normal, type Random, random } from "../../tests/support/random.ts";
import type { Layer, LayerActivation, Network } from "./network.ts";

/** Deviation of biases. */
const BIAS_DEVIATION = 0.1;

/** A network under construction. */
export interface NetworkBuilder {
  /** The network so far. */
  network: Network;
  /** Source of all weights. */
  draw: Random;
}

/** Begins a network; equal seeds and layers give equal weights. */
export function startNetwork(name: string, inputShape: number[], seed: number): NetworkBuilder {
  const shapes = new Map([["x", inputShape]]);
  return { network: { name, input: "x", output: "x", layers: [], shapes, multiplyAdds: 0 }, draw: random(seed) };
}

/** Adds a convolution with He's initialisation and returns the name of its output; depthwise where `channels` is absent. */
export function addConvolution(
  builder: NetworkBuilder,
  input: string,
  options: { channels?: number; kernel: number; stride?: number; activation?: LayerActivation },
): string {
  const { kernel, stride = 1, activation = "none" } = options;
  const [inputs, height, width] = builder.network.shapes.get(input)!;
  const channels = options.channels ?? inputs;
  const groups = options.channels === undefined ? inputs : 1;
  const depth = inputs / groups * kernel * kernel;
  const shape = [channels, Math.ceil(height / stride), Math.ceil(width / stride)];
  builder.network.multiplyAdds += shape[0] * shape[1] * shape[2] * depth;
  return add(builder, shape, {
    kind: "convolution",
    inputs: [input],
    kernel,
    stride,
    groups,
    activation,
    weights: drawNormal(builder, channels * depth, Math.sqrt(2 / depth)),
    bias: drawNormal(builder, channels, BIAS_DEVIATION),
  });
}

/** Adds a fully connected layer over the last dimension and returns the name of its output. */
export function addFullyConnected(builder: NetworkBuilder, input: string, features: number): string {
  const shape = builder.network.shapes.get(input)!;
  const depth = shape[shape.length - 1];
  const rows = shape.slice(0, -1);
  builder.network.multiplyAdds += rows.reduce((product, size) => product * size, features * depth);
  return add(builder, [...rows, features], {
    kind: "fullyConnected",
    inputs: [input],
    weights: drawNormal(builder, features * depth, Math.sqrt(1 / depth)),
    bias: drawNormal(builder, features, BIAS_DEVIATION),
  });
}

/** Adds the sum of two values and returns its name. */
export function addAddition(
  builder: NetworkBuilder,
  inputs: [string, string],
  activation: LayerActivation = "none",
): string {
  return add(builder, builder.network.shapes.get(inputs[0])!, { kind: "addition", inputs, activation });
}

/** Adds a maximum pool and returns the name of its output. */
export function addMaximumPool(
  builder: NetworkBuilder,
  input: string,
  window: { kernel: number; stride: number },
): string {
  const [channels, height, width] = builder.network.shapes.get(input)!;
  const shape = [channels, Math.ceil(height / window.stride), Math.ceil(width / window.stride)];
  return add(builder, shape, { kind: "maximumPool", inputs: [input], ...window });
}

/** Adds the average over all pixels and returns its name. */
export function addAveragePool(builder: NetworkBuilder, input: string): string {
  const [channels] = builder.network.shapes.get(input)!;
  return add(builder, [channels], { kind: "averagePool", inputs: [input] });
}

/** Ends the network with its last layer as the output. */
export function finishNetwork({ network }: NetworkBuilder): Network {
  const last = network.layers[network.layers.length - 1];
  network.shapes.set("y", network.shapes.get(last.output)!);
  network.shapes.delete(last.output);
  last.output = network.output = "y";
  return network;
}

type Unnamed<T> = T extends Layer ? Omit<T, "output"> : never;

function add({ network }: NetworkBuilder, shape: number[], layer: Unnamed<Layer>): string {
  const output = `${layer.kind}${network.layers.length}`;
  network.layers.push({ ...layer, output } as Layer);
  network.shapes.set(output, shape);
  return output;
}

function drawNormal({ draw }: NetworkBuilder, length: number, deviation: number): Float32Array {
  return Float32Array.from({ length }, () => normal(draw) * deviation);
}
