/**
 * Operands of element-wise kernels, which walk four dimensions of the result.
 *
 * @module
 */

import type { Form } from "../graph/form.ts";
import type { NodeBase } from "../graph/graph.ts";
import { broadcastStrides, type Shape } from "../graph/shape.ts";
import type { LowerContext } from "./context.ts";
import { expand, expansionWalk, walkLimits } from "./copy.ts";

/** How a kernel reads operands that broadcast to its result. */
interface OperandWalks {
  /** Four dimensions of the result. */
  dimensions: number[];
  /** Strides along them of each operand, in elements, 0 where broadcast. */
  strides: number[][];
}

/** Dimensions that the kernels walk. */
const RANK = 4;

/** The tensors of a node's inputs and how they are read; those that a kernel cannot walk are repeated over the result. */
export function placeOperands(
  context: LowerContext,
  { name, inputs, output }: NodeBase,
  form: Form,
): OperandWalks & { inputs: number[] } {
  const shape = context.shape(output);
  const walk = walkOperands(shape, inputs.map((input) => context.shape(input)));
  if (walk) return { ...walk, inputs: inputs.map((value) => context.place(value, form)) };
  return {
    ...walkOperands(shape, inputs.map(() => shape))!,
    inputs: inputs.map((value) => expand(context, name, { value, form, shape })),
  };
}

/** Why a node whose inputs broadcast to its output cannot be lowered; undefined where it can. */
export function operandLimits(inputs: readonly Shape[], output: Shape): string | undefined {
  if (walkOperands(output, inputs)) return undefined;
  return inputs.map((input) => walkLimits(expansionWalk(input, output))).find((reason) => reason !== undefined);
}

/**
 * Strides of operands over the output's dimensions, with neighbours merged
 * where all allow it; undefined where more remain than the kernels walk.
 */
function walkOperands(output: Shape, operands: readonly Shape[]): OperandWalks | undefined {
  const strides = operands.map((shape) => broadcastStrides(shape, output));
  const dimensions: number[] = [];
  const merged: number[][] = operands.map(() => []);
  for (const [axis, length] of output.entries()) {
    const last = dimensions.length - 1;
    if (length === 1) continue;
    if (last >= 0 && merged.every((list, operand) => list[last] === strides[operand][axis] * length)) {
      dimensions[last] *= length;
      merged.forEach((list, operand) => list[last] = strides[operand][axis]);
    } else {
      dimensions.push(length);
      merged.forEach((list, operand) => list.push(strides[operand][axis]));
    }
  }
  if (dimensions.length > RANK) return undefined;
  while (dimensions.length < RANK) {
    dimensions.unshift(1);
    merged.forEach((list) => list.unshift(0));
  }
  return { dimensions, strides: merged };
}
