/**
 * The way of prepared pixels into a program's input.
 *
 * @module
 */

import type { Executor } from "./executor.ts";
import { quantizeValue } from "./numerics/quantization.ts";
import { normalizationTable, normalizePixels, type Preprocessing } from "./preprocessing.ts";
import type { PixelPort } from "./program.ts";

/** Writes pixels [height, width, channels] into an executor and returns the first step that remains to run. */
export type ImageWriter = (pixels: Uint8Array) => number;

/**
 * Makes the writer for a program with preprocessing.
 *
 * Where the program has a port for pixels, they go there through one table for
 * each channel; the bytes are the same as by way of float32.
 */
export function createImageWriter(executor: Executor, preprocessing: Preprocessing): ImageWriter {
  const { inputs, pixels: port } = executor.program;
  if (port) return quantizedWriter(executor, port, preprocessing);
  const { tensor } = inputs[0];
  return (pixels) => {
    normalizePixels(pixels, preprocessing, executor.tensor(tensor) as Float32Array);
    return 0;
  };
}

function quantizedWriter(executor: Executor, port: PixelPort, preprocessing: Preprocessing): ImageWriter {
  const output = executor.program.tensors[port.tensor];
  const inverseScale = Math.fround(1 / output.scale!);
  const table = Uint8Array.from(
    normalizationTable(preprocessing),
    (value) => quantizeValue(value, inverseScale, output.zeroPoint!) ^ executor.flip,
  );
  const channels = preprocessing.mean.length;
  return (pixels) => {
    const target = executor.tensor(port.tensor);
    for (let channel = 0; channel < channels; channel++) {
      const base = channel * 256;
      for (let index = channel; index < pixels.length; index += channels) target[index] = table[base + pixels[index]];
    }
    return port.step;
  };
}
