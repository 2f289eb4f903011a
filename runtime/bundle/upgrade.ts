/**
 * What newer versions of the format say and older bundles leave to be found.
 *
 * @module
 */

import { joinSum } from "../kernels/convolution_sum.ts";
import type { Step } from "../kernels/registry.ts";
import type { PixelPort, Program } from "../program.ts";
import { tensorBytes, type TensorSpec } from "../tensor.ts";

/**
 * The program of a bundle, if it is of version 1 or 2 as today's would have it: sums are
 * joined with the convolutions before them where their memory allows it, and
 * the port for pixels is named. It computes the same.
 *
 * @param program A checked program.
 * @param version The version of its bundle.
 */
export function upgradeProgram(program: Program, version: number): Program {
  if (version > 2) return program;
  const steps: Step[] = [];
  for (const step of program.steps) {
    const joined = steps.length > 0 ? joinSteps(steps[steps.length - 1], step) : undefined;
    // Kernels go on to read the convolution's input when they have begun to write the sum.
    if (joined && areApart(program.tensors[joined.inputs[0]], program.tensors[joined.output])) {
      steps[steps.length - 1] = joined;
    } else steps.push(step);
  }
  const upgraded = { ...program, steps };
  const pixels = findPixelPort(upgraded);
  return pixels ? { ...upgraded, pixels } : upgraded;
}

/** The step that does what two steps do, one after the other, where there is one. */
export function joinSteps(first: Step, second: Step): Step<"convolution_sum_u8"> | undefined {
  if (first.kernel !== "convolution_u8" || second.kernel !== "binary_u8") return undefined;
  return joinSum(first, second);
}

/** The port for pixels of a program that quantises its only input, an image, in its first step. */
export function findPixelPort({ inputs, steps, preprocessing }: Program): PixelPort | undefined {
  const [first, ...others] = steps;
  if (!preprocessing || first?.kernel !== "quantize" || first.attributes.transposed === 0) return undefined;
  const { tensor } = inputs[0];
  if (first.inputs[0] !== tensor || others.some((step) => step.inputs.includes(tensor))) return undefined;
  return { tensor: first.output, step: 1 };
}

function areApart(a: TensorSpec, b: TensorSpec): boolean {
  return a.offset + tensorBytes(a) <= b.offset || b.offset + tensorBytes(b) <= a.offset;
}
