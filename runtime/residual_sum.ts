/**
 * Sums that are computed together with the convolution before them.
 *
 * @module
 */

import type { OperandAttributes } from "./kernels/binary.ts";
import type { Program } from "./program.ts";
import { elementCount, tensorBytes, type TensorSpec } from "./tensor.ts";

/**
 * Whether a step is a convolution whose output the next step adds to another
 * tensor, without broadcasting.
 *
 * @param program A checked program; offsets do not matter.
 * @param index Position of the step.
 */
export function isAddedNext({ steps }: Program, index: number): boolean {
  const step = steps[index];
  const next = steps[index + 1];
  if (step.kernel !== "convolution_u8" || next?.kernel !== "binary_u8") return false;
  return next.attributes.operation === "add" && next.inputs.includes(step.output) && isElementwise(next.attributes);
}

/**
 * Whether a step and the next one can be computed piece by piece: as
 * {@linkcode isAddedNext}, and the sum does not lie where the convolution's
 * input does, which later pieces still read.
 */
export function joinsSum(program: Program, index: number): boolean {
  const { tensors, steps } = program;
  return isAddedNext(program, index) &&
    areApart(tensors[steps[index].inputs[0]], tensors[steps[index + 1].output]);
}

/** Whether operands and result of a binary step have all elements in the same order. */
function isElementwise({ dimensions, aStrides, bStrides }: OperandAttributes): boolean {
  return [aStrides, bStrides].every((strides) =>
    dimensions.every((size, axis) => size === 1 || strides[axis] === elementCount(dimensions.slice(axis + 1)))
  );
}

function areApart(a: TensorSpec, b: TensorSpec): boolean {
  return a.offset + tensorBytes(a) <= b.offset || b.offset + tensorBytes(b) <= a.offset;
}
