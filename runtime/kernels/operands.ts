/**
 * Tensors that broadcast to a result of four dimensions.
 *
 * @module
 */

import { elementCount, type TensorSpec, type TensorType } from "../tensor.ts";
import { checkTensor } from "./definition.ts";
import { stepError, type StepOf } from "./step.ts";

/** How an operand is read. */
export interface OperandWalk {
  /** Four dimensions of the result, which is contiguous. */
  dimensions: readonly number[];
  /** The operand's strides along them, in elements, 0 where broadcast. */
  strides: readonly number[];
  /** What the strides are called. */
  key: string;
  type: TensorType;
}

/** How strides of an operand are read and written. */
export const STRIDES = { type: "integers", length: 4, min: 0, max: 2 ** 30 } as const;

/** Checks that an operand's strides stay within its tensor, and that kernels can read whole vectors along the last one. */
export function checkOperand(
  step: StepOf<string, unknown>,
  tensor: TensorSpec,
  { dimensions, strides, key, type }: OperandWalk,
): void {
  // Kernels read whole vectors along the last dimension that is longer than 1.
  const innermost = dimensions.findLastIndex((length) => length > 1);
  if (strides[3] > 1 || (strides[innermost] ?? 0) > 1) throw stepError(step, `${key} must end in 0 or 1`);
  const count = elementCount(tensor.shape);
  checkTensor(step, tensor, type, count);
  let last = 0;
  for (let axis = 0; axis < 4; axis++) last += strides[axis] * (dimensions[axis] - 1);
  if (last >= count) throw stepError(step, `${key} reach past the end of "${tensor.name}"`);
}
