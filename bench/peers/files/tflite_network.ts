/**
 * Networks as TFLite models: float32, or 8-bit with float32 at both ends.
 *
 * @module
 */

import { arrange, transposedOrder } from "../../networks/arrange.ts";
import type { ConvolutionLayer, FullyConnectedLayer, Layer, Network } from "../../networks/network.ts";
import { quantizeLayer } from "./quantize_layer.ts";
import { ACTIVATIONS, SAME_PADDING, type TfliteModel, type TfliteOption, type TfliteTensor } from "./tflite_model.ts";
import type { ValueGrid } from "./value_grids.ts";

/** Zero points of int8 lie this much below those of uint8. */
const INT8_OFFSET = 128;

/** What a model is made from, and what has been made. */
interface Making {
  network: Network;
  /** Absent where the model is float32. */
  grids?: ReadonlyMap<string, ValueGrid>;
  model: TfliteModel;
  /** Tensor of each value. */
  places: Map<string, number>;
}

/** Makes the model of a network. @param grids Quantisation of every value; absent: a float32 model. */
export function tfliteNetwork(network: Network, grids?: ReadonlyMap<string, ValueGrid>): TfliteModel {
  const model: TfliteModel = { tensors: [], operators: [], input: 0, output: 0 };
  const making: Making = { network, model, places: new Map(), ...(grids && { grids }) };
  const { input, output } = network;
  const inside = addValue(making, input);
  model.input = grids ? addTensor(model, { ...floatTensor(network, input), name: `${input}_float` }) : inside;
  if (grids) model.operators.push({ operator: "quantize", inputs: [model.input], output: inside });
  for (const layer of network.layers) addLayer(making, layer);
  const last = making.places.get(output)!;
  model.output = grids ? addTensor(model, { ...floatTensor(network, output), name: `${output}_float` }) : last;
  if (grids) model.operators.push({ operator: "dequantize", inputs: [last], output: model.output });
  return model;
}

function addLayer(making: Making, layer: Layer): void {
  const { network, model, places } = making;
  const inputs = layer.inputs.map((input) => places.get(input)!);
  const output = addValue(making, layer.output);
  const strides = (stride: number): TfliteOption[] => [[0, 8, SAME_PADDING], [1, 32, stride], [2, 32, stride]];
  switch (layer.kind) {
    case "convolution": {
      const { stride, groups, kernel, bias } = layer;
      const activation = ACTIVATIONS[layer.activation];
      const depthwise = groups > 1;
      const [inputChannels] = network.shapes.get(layer.inputs[0])!;
      const depth = inputChannels / groups;
      const weights = depthwise
        ? { shape: [1, kernel, kernel, bias.length], order: transposedOrder(bias.length, kernel * kernel), axis: 3 }
        : { shape: [bias.length, kernel, kernel, depth], order: filterOrder(layer, depth), axis: 0 };
      model.operators.push({
        operator: depthwise ? "depthwiseConvolution" : "convolution",
        inputs: [...inputs, ...addWeights(making, layer, weights)],
        output,
        options: depthwise
          ? {
            table: "depthwiseConvolution",
            fields: [...strides(stride), [3, 32, 1], [4, 8, activation], [5, 32, 1], [6, 32, 1]],
          }
          : { table: "convolution", fields: [...strides(stride), [3, 8, activation], [4, 32, 1], [5, 32, 1]] },
      });
      break;
    }
    case "fullyConnected": {
      const shape = [layer.bias.length, layer.weights.length / layer.bias.length];
      const order = Int32Array.from(layer.weights.keys());
      model.operators.push({
        operator: "fullyConnected",
        inputs: [...inputs, ...addWeights(making, layer, { shape, order, axis: 0 })],
        output,
        options: { table: "fullyConnected", fields: [[0, 8, ACTIVATIONS.none]] },
      });
      break;
    }
    case "addition": {
      const options = { table: "add" as const, fields: [[0, 8, ACTIVATIONS[layer.activation]] as TfliteOption] };
      model.operators.push({ operator: "add", inputs, output, options });
      break;
    }
    case "maximumPool": {
      const { kernel, stride } = layer;
      const fields: TfliteOption[] = [...strides(stride), [3, 32, kernel], [4, 32, kernel], [5, 8, ACTIVATIONS.none]];
      model.operators.push({ operator: "maximumPool", inputs, output, options: { table: "pool", fields } });
      break;
    }
    case "averagePool": {
      const axes = addTensor(model, {
        name: `${layer.output}_axes`,
        type: "int32",
        shape: [2],
        data: Int32Array.of(1, 2),
      });
      const options = { table: "reducer" as const, fields: [[0, 8, 0] as TfliteOption] };
      model.operators.push({ operator: "mean", inputs: [...inputs, axes], output, options });
    }
  }
}

function addTensor(model: TfliteModel, tensor: TfliteTensor): number {
  return model.tensors.push(tensor) - 1;
}

function floatTensor({ shapes }: Network, name: string): TfliteTensor {
  const shape = shapes.get(name)!;
  const [channels, height, width] = shape;
  const placed = shape.length === 3 ? [1, height, width, channels] : shape.length === 1 ? [1, ...shape] : shape;
  return { name, type: "float32", shape: placed };
}

function addValue({ network, grids, model, places }: Making, name: string): number {
  const tensor = floatTensor(network, name);
  if (grids) {
    const { scale, zeroPoint } = grids.get(name)!;
    tensor.type = "int8";
    tensor.quantization = { scales: [scale], zeroPoints: [zeroPoint - INT8_OFFSET], axis: 0 };
  }
  const place = addTensor(model, tensor);
  places.set(name, place);
  return place;
}

/** Adds weights, rearranged so that element i is the one at `order[i]`, and biases. */
function addWeights(
  { grids, model }: Making,
  layer: ConvolutionLayer | FullyConnectedLayer,
  { shape, order, axis }: { shape: number[]; order: Int32Array; axis: number },
): number[] {
  const { output, inputs, bias } = layer;
  const names = [`${output}_weights`, `${output}_bias`];
  if (!grids) {
    const data = arrange(layer.weights, order);
    return [
      addTensor(model, { name: names[0], type: "float32", shape, data }),
      addTensor(model, { name: names[1], type: "float32", shape: [bias.length], data: bias }),
    ];
  }
  const quantized = quantizeLayer(layer, grids.get(inputs[0])!.scale);
  const zeroPoints = new Int32Array(bias.length);
  return [
    addTensor(model, {
      name: names[0],
      type: "int8",
      shape,
      data: arrange(quantized.weights, order),
      quantization: { scales: quantized.scales, zeroPoints, axis },
    }),
    addTensor(model, {
      name: names[1],
      type: "int32",
      shape: [bias.length],
      data: quantized.bias,
      quantization: { scales: quantized.biasScales, zeroPoints, axis: 0 },
    }),
  ];
}

/** Order that brings [outputs, depth, kernel, kernel] to [outputs, kernel, kernel, depth]. */
function filterOrder({ weights, kernel }: ConvolutionLayer, depth: number): Int32Array {
  const one = transposedOrder(depth, kernel * kernel);
  return Int32Array.from(
    weights,
    (_, index) => index - index % one.length + one[index % one.length],
  );
}
