/**
 * How much a step of a program computes.
 *
 * @module
 */

import { elementCount } from "../../runtime/bundle/format.ts";
import { geometryOf } from "../../runtime/kernels/convolution.ts";
import type { StepSpec } from "../../runtime/program.ts";

/** Multiply-adds of a convolution, fully connected layer or product of tensors; 0 of other steps. */
export function multiplyAddsOf(step: StepSpec): number {
  if (/^(convolution|depthwise)_/.test(step.kernel)) {
    const { input, output, kernel, groups } = geometryOf(step);
    return elementCount(output) * elementCount(kernel) * (input[3] / groups);
  }
  return step.kernel === "matmul_f32" ? elementCount(step.attributes.dimensions as number[]) : 0;
}
