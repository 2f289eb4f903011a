/**
 * All files of a network that runtimes are measured on, kept in the cache.
 *
 * @module
 */

import { arrange, transposedOrder } from "../../networks/arrange.ts";
import { networkBundles } from "../../networks/bundles.ts";
import { cached } from "../../networks/cache.ts";
import { writeFloatOnnx } from "../../networks/float_onnx.ts";
import type { Network } from "../../networks/network.ts";
import { drawSample } from "../../networks/samples.ts";
import { writeQuantizedOnnx } from "./quantized_onnx.ts";
import { tfliteNetwork } from "./tflite_network.ts";
import { observeGrids, type ValueGrid } from "./value_grids.ts";
import { writeTflite } from "./write_tflite.ts";

/** Arithmetic of a network. */
export type Arithmetic = "float32" | "int8";

/** Paths of a network's files. */
export interface NetworkFiles {
  /** Octet's bundles. */
  octet: Record<Arithmetic, URL>;
  /** ONNX files. */
  onnx: Record<Arithmetic, URL>;
  /** TFLite files. */
  tflite: Record<Arithmetic, URL>;
  /** One sample as raw float32 numbers, in the order of ONNX and in that of TFLite. */
  sample: { channelsFirst: URL; channelsLast: URL };
}

/** Index of the sample that is run: none that ranges were observed on. */
const SAMPLE_INDEX = 100;

/** Makes all files of a network, or takes them from the cache. */
export async function networkFiles(network: Network): Promise<NetworkFiles> {
  let observed: Promise<Map<string, ValueGrid>> | undefined;
  const grids = () => observed ??= observeGrids(network);
  const file = (suffix: string, make: () => Uint8Array | Promise<Uint8Array>) =>
    cached(`${network.name}_${suffix}`, make);
  const sample = () => drawSample(network, SAMPLE_INDEX);
  return {
    octet: await networkBundles(network),
    onnx: {
      float32: await file("float32.onnx", () => writeFloatOnnx(network)),
      int8: await file("int8.onnx", async () => writeQuantizedOnnx(network, await grids())),
    },
    tflite: {
      float32: await file("float32.tflite", () => writeTflite(tfliteNetwork(network))),
      int8: await file("int8.tflite", async () => writeTflite(tfliteNetwork(network, await grids()))),
    },
    sample: {
      channelsFirst: await file("channels_first.f32", () => bytesOf(sample())),
      channelsLast: await file("channels_last.f32", () => bytesOf(channelsLast(network, sample()))),
    },
  };
}

function channelsLast({ shapes, input }: Network, sample: Float32Array): Float32Array {
  const shape = shapes.get(input)!;
  if (shape.length !== 3) return sample;
  return arrange(sample, transposedOrder(shape[0], shape[1] * shape[2]));
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
