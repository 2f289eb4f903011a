/**
 * What helps where a network is refused.
 *
 * @module
 */

import type { OnnxNode } from "./model.ts";

/** For networks in float16 and the like. */
export const USE_FLOAT32 = "export the network in float32: Octet makes 8 bits of it itself";

/** For networks that are quantised already. */
const USE_FLOAT_NETWORK = "give Octet the float network from before its quantisation";

/** For data in other files. */
export const USE_ONE_FILE = "save the model in one file, in Python: " +
  "onnx.save(onnx.load('model.onnx'), 'one_file.onnx')";

/** For other versions of the standard operators. @param opset The one to convert to. */
export function useOpset(opset: number): string {
  return `convert the network, in Python: onnx.version_converter.convert_version(onnx.load('model.onnx'), ${opset})`;
}

/** For free dimensions. @param names Of the dimensions. */
export function fixDimensions(names: readonly string[]): string {
  return `give free dimensions a length: ${optionsFor(names, "LENGTH")}; with it, calibrate --free keeps them free`;
}

/** For free batches. @param names Of the dimension in each input. */
export function fixBatch(names: readonly string[]): string {
  return `fix the batch: ${optionsFor(names, "1")}`;
}

function optionsFor(names: readonly string[], length: string): string {
  return [...new Set(names)].map((name) => `--dimension ${isPlain(name) ? `${name}=${length}` : `'${name}=${length}'`}`)
    .join(" ");
}

function isPlain(name: string): boolean {
  return /^[\w.:/-]+$/.test(name);
}

const QUANTIZED = /^(Quantize|Dequantize|DynamicQuantize|QLinear|QGemm|QAttention|.*Integer$)/;

/** For operators that are not supported, where there is anything. */
export function remedyFor({ operator }: OnnxNode): string | undefined {
  return QUANTIZED.test(operator) ? USE_FLOAT_NETWORK : undefined;
}
