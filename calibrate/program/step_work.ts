/**
 * How much a step of a program computes.
 *
 * @module
 */

import { isConvolution } from "../../runtime/kernels/convolution_step.ts";
import type { Step } from "../../runtime/kernels/registry.ts";
import { elementCount } from "../../runtime/tensor.ts";

/** Multiply-adds of a convolution, fully connected layer or product of tensors; 0 of other steps. */
export function multiplyAddsOf(step: Step): number {
  if (isConvolution(step)) {
    const { input, output, kernel, groups } = step.attributes;
    return elementCount(output) * elementCount(kernel) * (input[3] / groups);
  }
  return step.kernel === "matmul_f32" ? elementCount(step.attributes.dimensions) : 0;
}
