/**
 * TensorFlow.js on its WASM backend as a measured process, float32 alone: the
 * network is built of calls, with fused convolutions.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { mobilenetV2 } from "../../networks/mobilenet_v2.ts";
import type { ConvolutionLayer, FullyConnectedLayer, Layer, Network } from "../../networks/network.ts";
import { resnet18 } from "../../networks/resnet18.ts";
import { measure } from "../measure.ts";

/** A tensor of the package. */
interface TfTensor {
  dataSync(): Float32Array;
  dispose(): void;
}

/** What is used of the package. */
interface TensorFlow {
  env(): { set(flag: string, value: boolean): void };
  setBackend(name: string): Promise<boolean>;
  tidy<T>(compute: () => T): T;
  tensor(data: Float32Array, shape?: number[]): TfTensor;
  transpose(tensor: TfTensor, order?: number[]): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  relu(a: TfTensor): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  maxPool(a: TfTensor, size: number, stride: number, padding: string): TfTensor;
  mean(a: TfTensor, axes: number[]): TfTensor;
  fused: Record<"conv2d" | "depthwiseConv2d", (options: object) => TfTensor>;
}

type Weights = Map<string, { weights: TfTensor; bias: TfTensor }>;

const NETWORKS: Network[] = [mobilenetV2(), resnet18()];

await measure(async ({ network: name, packages, shape }, sample) => {
  const network = NETWORKS.find((network) => network.name === name);
  if (!network) throw new RangeError(`There is no network "${name}" to build`);
  const { default: tf }: { default: TensorFlow } = await import(
    `${packages}@tensorflow/tfjs-core/dist/tf-core.node.js`
  );
  const folder = `${packages}@tensorflow/tfjs-backend-wasm/dist/`;
  const { default: backend } = await import(`${folder}tf-backend-wasm.node.js`);
  backend.setWasmPaths(fileURLToPath(folder));
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (!await tf.setBackend("wasm")) throw new Error("TensorFlow.js could not set its WASM backend up");
  const weights: Weights = new Map();
  for (const layer of network.layers) {
    if ("weights" in layer) weights.set(layer.output, placeWeights(tf, layer, network));
  }
  const input = tf.tensor(sample, shape);
  return () => {
    const output = tf.tidy(() => {
      const values = new Map([[network.input, input]]);
      for (const layer of network.layers) values.set(layer.output, compute({ tf, weights, values }, layer));
      return values.get(network.output)!;
    });
    const result = output.dataSync();
    output.dispose();
    return result;
  };
});

function placeWeights(tf: TensorFlow, layer: ConvolutionLayer | FullyConnectedLayer, { shapes }: Network) {
  const bias = tf.tensor(layer.bias);
  const outputs = layer.bias.length;
  if (layer.kind === "fullyConnected") {
    return { weights: tf.transpose(tf.tensor(layer.weights, [outputs, layer.weights.length / outputs])), bias };
  }
  const { kernel, groups } = layer;
  const depth = shapes.get(layer.inputs[0])![0] / groups;
  const weights = tf.tensor(layer.weights, [outputs, depth, kernel, kernel]);
  return { weights: tf.transpose(weights, groups > 1 ? [2, 3, 0, 1] : [2, 3, 1, 0]), bias };
}

function compute(
  { tf, weights, values }: { tf: TensorFlow; weights: Weights; values: Map<string, TfTensor> },
  layer: Layer,
): TfTensor {
  const [x, second] = layer.inputs.map((input) => values.get(input)!);
  switch (layer.kind) {
    case "convolution": {
      const { weights: filter, bias } = weights.get(layer.output)!;
      const activation = layer.activation === "none" ? "linear" : layer.activation;
      const options = { x, filter, bias, activation, strides: layer.stride, pad: "same" };
      return layer.groups > 1 ? tf.fused.depthwiseConv2d(options) : tf.fused.conv2d(options);
    }
    case "fullyConnected": {
      const { weights: matrix, bias } = weights.get(layer.output)!;
      return tf.add(tf.matMul(x, matrix), bias);
    }
    case "addition": {
      const sum = tf.add(x, second);
      return layer.activation === "relu" ? tf.relu(sum) : sum;
    }
    case "maximumPool":
      return tf.maxPool(x, layer.kernel, layer.stride, "same");
    case "averagePool":
      return tf.mean(x, [1, 2]);
  }
}
