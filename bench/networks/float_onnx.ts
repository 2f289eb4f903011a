/**
 * Writing of networks as float ONNX files.
 *
 * @module
 */

import { type Constant, floats, type NodeSpec, writeOnnx } from "../../calibrate/onnx/encode.ts";
import { arrange, transposedOrder } from "./arrange.ts";
import { type Layer, type LayerActivation, type Network, samePadding } from "./network.ts";

/** Writing of one layer's nodes and constants. */
interface OnnxParts {
  nodes: NodeSpec[];
  constants: Record<string, Constant>;
}

/**
 * Writes the float ONNX file of a network, with a fixed batch of 1.
 *
 * @param options.everyValue Whether each layer's value is an output, not the last one's alone.
 */
export function writeFloatOnnx(network: Network, options: { everyValue?: boolean } = {}): Uint8Array {
  const parts: OnnxParts = { nodes: [], constants: {} };
  for (const layer of network.layers) addLayer(parts, network, layer);
  return writeOnnx({
    inputs: { [network.input]: [1, ...network.shapes.get(network.input)!] },
    outputs: options.everyValue ? network.layers.map(({ output }) => output) : [network.output],
    ...parts,
  });
}

function addLayer(parts: OnnxParts, network: Network, layer: Layer): void {
  const { nodes, constants } = parts;
  const { inputs, output } = layer;
  const shape = network.shapes.get(inputs[0])!;
  switch (layer.kind) {
    case "convolution": {
      const { kernel, groups, weights, bias } = layer;
      constants[`${output}_weights`] = floats([bias.length, shape[0] / groups, kernel, kernel], weights);
      constants[`${output}_bias`] = floats([bias.length], bias);
      nodes.push({
        op: "Conv",
        inputs: [...inputs, `${output}_weights`, `${output}_bias`],
        outputs: [beforeActivation(layer)],
        attributes: { ...windowAttributes(shape, layer), group: groups },
      });
      addActivation(parts, layer);
      break;
    }
    case "fullyConnected": {
      const { weights, bias } = layer;
      const depth = shape[shape.length - 1];
      constants[`${output}_weights`] = floats(
        [depth, bias.length],
        arrange(weights, transposedOrder(bias.length, depth)),
      );
      constants[`${output}_bias`] = floats([bias.length], bias);
      nodes.push({ op: "MatMul", inputs: [...inputs, `${output}_weights`], outputs: [`${output}_product`] });
      nodes.push({ op: "Add", inputs: [`${output}_product`, `${output}_bias`], outputs: [output] });
      break;
    }
    case "addition":
      nodes.push({ op: "Add", inputs, outputs: [beforeActivation(layer)] });
      addActivation(parts, layer);
      break;
    case "maximumPool":
      nodes.push({ op: "MaxPool", inputs, outputs: [output], attributes: windowAttributes(shape, layer) });
      break;
    case "averagePool":
      nodes.push({ op: "GlobalAveragePool", inputs, outputs: [`${output}_pixel`] });
      nodes.push({ op: "Flatten", inputs: [`${output}_pixel`], outputs: [output], attributes: { axis: 1 } });
  }
}

/** Attributes of a square window with "same" padding over a value [channels, height, width]. */
export function windowAttributes(
  [, height, width]: readonly number[],
  { kernel, stride }: { kernel: number; stride: number },
): Record<string, number[]> {
  const [vertical, horizontal] = [height, width].map((length) => samePadding(length, kernel, stride));
  return {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [
      vertical.before,
      horizontal.before,
      vertical.total - vertical.before,
      horizontal.total - horizontal.before,
    ],
  };
}

function beforeActivation({ output, activation }: { output: string; activation: LayerActivation }): string {
  return activation === "none" ? output : `${output}_linear`;
}

function addActivation(
  { nodes, constants }: OnnxParts,
  layer: { output: string; activation: LayerActivation },
): void {
  const inputs = [beforeActivation(layer)];
  const outputs = [layer.output];
  if (layer.activation === "relu") nodes.push({ op: "Relu", inputs, outputs });
  if (layer.activation === "relu6") {
    constants.zero = floats([], [0]);
    constants.six = floats([], [6]);
    nodes.push({ op: "Clip", inputs: [...inputs, "zero", "six"], outputs });
  }
}
