/**
 * Writing of networks as quantised ONNX files: QuantizeLinear and
 * DequantizeLinear around float operators, which ONNX Runtime fuses into 8-bit
 * ones. Activations are uint8, weights int8 per output channel.
 *
 * @module
 */

import { type Constant, floats, type NodeSpec, typed, writeOnnx } from "../../../calibrate/onnx/encode.ts";
import { arrange, transposedOrder } from "../../networks/arrange.ts";
import { windowAttributes } from "../../networks/float_onnx.ts";
import type { ConvolutionLayer, FullyConnectedLayer, Layer, Network } from "../../networks/network.ts";
import { quantizeLayer } from "./quantize_layer.ts";
import type { ValueGrid } from "./value_grids.ts";

/** What a file is written from, and what has been written. */
interface Writing {
  network: Network;
  grids: ReadonlyMap<string, ValueGrid>;
  nodes: NodeSpec[];
  constants: Record<string, Constant>;
}

/** Writes the quantised ONNX file of a network; rows of features have no batch. */
export function writeQuantizedOnnx(network: Network, grids: ReadonlyMap<string, ValueGrid>): Uint8Array {
  const writing: Writing = { network, grids, nodes: [], constants: {} };
  quantize(writing, { source: network.input, value: network.input, grid: grids.get(network.input)! });
  for (const layer of network.layers) addLayer(writing, layer);
  const output = `${network.output}_restored`;
  const shape = network.shapes.get(network.input)!;
  return writeOnnx({
    inputs: { [network.input]: shape.length === 3 ? [1, ...shape] : shape },
    outputs: [output],
    nodes: writing.nodes,
    constants: writing.constants,
  });
}

function addLayer(writing: Writing, layer: Layer): void {
  const { network, grids, nodes } = writing;
  const { output } = layer;
  const inputs = layer.inputs.map((input) => `${input}_restored`);
  const outputs = [`${output}_float`];
  const shape = network.shapes.get(layer.inputs[0])!;
  const grid = grids.get(output)!;
  switch (layer.kind) {
    case "convolution":
      nodes.push({
        op: "Conv",
        inputs: [...inputs, ...addWeights(writing, layer)],
        outputs,
        attributes: { ...windowAttributes(shape, layer), group: layer.groups },
      });
      break;
    case "fullyConnected":
      nodes.push({
        op: "Gemm",
        inputs: [...inputs, ...addWeights(writing, layer)],
        outputs,
      });
      break;
    case "addition":
      nodes.push({ op: "Add", inputs, outputs });
      break;
    case "maximumPool":
      nodes.push({ op: "MaxPool", inputs, outputs, attributes: windowAttributes(shape, layer) });
      break;
    case "averagePool":
      nodes.push({ op: "GlobalAveragePool", inputs, outputs: [`${output}_average`] });
      quantize(writing, { source: `${output}_average`, value: `${output}_pixel`, grid });
      nodes.push({ op: "Flatten", inputs: [`${output}_pixel_restored`], outputs, attributes: { axis: 1 } });
  }
  // The grid of a value after an activation function begins at its least value, so that quantising clips as it would.
  quantize(writing, { source: outputs[0], value: output, grid });
}

/** Adds the nodes between a float tensor and the tensor `<value>_restored` that holds what 8 bits keep of it. */
function quantize(
  { nodes, constants }: Writing,
  { source, value, grid }: { source: string; value: string; grid: ValueGrid },
): void {
  const parameters = [`${value}_scale`, `${value}_zero_point`];
  constants[parameters[0]] = floats([], [grid.scale]);
  constants[parameters[1]] = typed(Uint8Array.of(grid.zeroPoint), []);
  nodes.push({ op: "QuantizeLinear", inputs: [source, ...parameters], outputs: [`${value}_steps`] });
  nodes.push({ op: "DequantizeLinear", inputs: [`${value}_steps`, ...parameters], outputs: [`${value}_restored`] });
}

/** Adds weights and biases as integers and returns the names of their restored values. */
function addWeights(
  { grids, nodes, constants }: Writing,
  layer: ConvolutionLayer | FullyConnectedLayer,
): string[] {
  const { output, inputs } = layer;
  const quantized = quantizeLayer(layer, grids.get(inputs[0])!.scale);
  const channels = quantized.bias.length;
  const restore = (name: string, integers: Constant, { scales, axis }: { scales: Float32Array; axis: number }) => {
    const names = [`${name}_steps`, `${name}_scales`, `${name}_zero_points`];
    const zeros = integers.typed instanceof Int8Array ? new Int8Array(channels) : new Int32Array(channels);
    constants[names[0]] = integers;
    constants[names[1]] = floats([channels], scales);
    constants[names[2]] = typed(zeros);
    nodes.push({ op: "DequantizeLinear", inputs: names, outputs: [name], attributes: { axis } });
    return name;
  };
  const depth = quantized.weights.length / channels;
  // Not as [outputs, inputs] with transB: ONNX Runtime takes three times as long for one row then.
  const weights = layer.kind === "convolution"
    ? typed(quantized.weights, [channels, depth / layer.kernel ** 2, layer.kernel, layer.kernel])
    : typed(arrange(quantized.weights, transposedOrder(channels, depth)), [depth, channels]);
  return [
    restore(`${output}_weights`, weights, { scales: quantized.scales, axis: layer.kind === "convolution" ? 0 : 1 }),
    restore(`${output}_bias`, typed(quantized.bias), { scales: quantized.biasScales, axis: 0 }),
  ];
}
