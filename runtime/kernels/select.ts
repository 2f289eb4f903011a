/**
 * Elements of one tensor or another, with broadcasting.
 *
 * @module
 */

import { elementCount } from "../tensor.ts";
import { dimensions } from "./attributes.ts";
import { selectBlock } from "./blocks.ts";
import { checkCounts, checkTensor, type KernelDefinition } from "./definition.ts";
import { checkOperand, STRIDES } from "./operands.ts";

/** A choice between two f32 tensors by a third one: the condition, what is taken where it is not 0, and where it is. */
export interface SelectAttributes {
  /** Four dimensions of the result, which is contiguous. */
  dimensions: readonly number[];
  /** Strides of the condition along them, in elements, 0 where broadcast. */
  conditionStrides: readonly number[];
  /** Strides of what is taken where the condition is not 0. */
  aStrides: readonly number[];
  /** Strides of what is taken where it is 0. */
  bStrides: readonly number[];
}

const KEYS = ["conditionStrides", "aStrides", "bStrides"] as const;

/** The kernel "select_f32". */
export const selectF32: KernelDefinition<SelectAttributes> = {
  attributes: { dimensions: dimensions(4), conditionStrides: STRIDES, aStrides: STRIDES, bStrides: STRIDES },
  check(step, { tensors }) {
    const { dimensions } = step.attributes;
    checkCounts(step, KEYS.length, 0);
    checkTensor(step, tensors[step.output], "f32", elementCount(dimensions));
    for (const [operand, key] of KEYS.entries()) {
      const strides = step.attributes[key];
      checkOperand(step, tensors[step.inputs[operand]], { dimensions, strides, key, type: "f32" });
    }
  },
  bind({ inputs: [condition, a, b], output, attributes }, _tables, memory) {
    return {
      entry: "select_f32",
      block: selectBlock({
        condition: memory.tensor(condition),
        a: memory.tensor(a),
        b: memory.tensor(b),
        output: memory.tensor(output),
        ...attributes,
      }),
    };
  },
};
