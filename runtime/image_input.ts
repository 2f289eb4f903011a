/**
 * The way of prepared pixels into a program's input.
 *
 * @module
 */

import type { Executor } from "./executor.ts";
import { normalizationTable, normalizePixels, type Preprocessing } from "./preprocessing.ts";
import { quantizeValue } from "./numerics/quantization.ts";
import type { Step } from "./kernels/registry.ts";
import type { Program } from "./program.ts";

/** Writes pixels [height, width, channels] into an executor and returns the first step that remains to run. */
export type ImageWriter = (pixels: Uint8Array) => number;

/**
 * Makes the writer for a program with preprocessing.
 *
 * Where the first step quantises the input, pixels go through one table for
 * each channel straight to 8 bits and that step is skipped; the bytes are the
 * same as by way of float32.
 */
export function createImageWriter(executor: Executor, preprocessing: Preprocessing): ImageWriter {
  const { program } = executor;
  const first = program.steps[0];
  if (quantizesInput(program, first)) return quantizedWriter(executor, first, preprocessing);
  const { tensor } = program.inputs[0];
  return (pixels) => {
    normalizePixels(pixels, preprocessing, executor.tensor(tensor) as Float32Array);
    return 0;
  };
}

function quantizesInput(program: Program, step: Step | undefined): step is Step<"quantize"> {
  return step?.kernel === "quantize" && step.attributes.transposed === 1 &&
    step.inputs[0] === program.inputs[0].tensor &&
    program.steps.every((other) => other === step || !other.inputs.includes(program.inputs[0].tensor));
}

function quantizedWriter(executor: Executor, step: Step<"quantize">, preprocessing: Preprocessing): ImageWriter {
  const output = executor.program.tensors[step.output];
  const inverseScale = Math.fround(1 / output.scale!);
  const table = Uint8Array.from(
    normalizationTable(preprocessing),
    (value) => quantizeValue(value, inverseScale, output.zeroPoint!) ^ executor.flip,
  );
  const channels = preprocessing.mean.length;
  return (pixels) => {
    const target = executor.tensor(step.output);
    for (let channel = 0; channel < channels; channel++) {
      const base = channel * 256;
      for (let index = channel; index < pixels.length; index += channels) target[index] = table[base + pixels[index]];
    }
    return 1;
  };
}
